// One way to ask the server, which says what happened: an answer, a refusal, or nobody there.
const { root, csrf } = document.body.dataset;

export async function ask(method, path, content) {
  const options = {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: content === undefined ? undefined : JSON.stringify(content),
    signal: AbortSignal.timeout(15000),
    redirect: "error",
  };
  try {
    const answer = await fetch(`${root}${path}`, options);
    return { status: answer.status, body: await answer.json() };
  } catch {
    return { status: 0, body: { problem: "There is no connection." } };
  }
}
