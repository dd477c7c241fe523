// The secret of an invitation may stand behind the # of the link: that part of an address is never sent to a server.
const secret = location.hash.slice(1);
if (secret) {
  document.getElementById("secret").value = secret;
  history.replaceState(null, "", location.pathname);
  document.getElementById("password").focus();
}
