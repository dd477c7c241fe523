"""Files of the Hugging Face hub at a pinned revision, and one clear error where the hub cannot be reached."""

import os
import threading
from pathlib import Path

from dermatrust.errors import DataError

PATIENCE_S = 5.0
"""How long the hub has to say that it is there, unless the hub's own HF_HUB_ETAG_TIMEOUT says otherwise."""
_WITHOUT = "Without access to the hub, copy the file here and give its path with --data."


def from_hub(repository: str, revision: str, file: str) -> Path:
    """Return a file of a dataset repository: the copy that is kept here, or one that is fetched.

    Args:
        repository: OWNER/NAME.
        revision: The commit, 40 hexadecimal digits.
        file: Its name in the repository.

    Raises:
        DataError: The hub cannot be reached, the file is behind an agreement, or there is none.
    """
    from huggingface_hub import hf_hub_download, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    where = f"hf:{repository}@{revision[:12]}/{file}"
    try:
        kept = try_to_load_from_cache(repository, file, repo_type="dataset", revision=revision)
        if isinstance(kept, str):
            return Path(kept)
        _check_reachable(hf_hub_url(repository, file, repo_type="dataset", revision=revision), where)
        return Path(hf_hub_download(repository, file, repo_type="dataset", revision=revision))
    except GatedRepoError:
        do = "Accept its terms on its page, and log in with `hf auth login`."
        raise DataError(where, "is behind an agreement", do=do) from None
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise DataError(where, f"cannot be fetched ({_said(error)})", do=_WITHOUT) from None


def _check_reachable(url: str, where: str) -> None:
    """Ask once whether the hub answers: its own client tries for half a minute before it says that nobody is there.

    Whatever the hub answers, also that it is busy, is left to the download, which knows what to try again.
    """
    from huggingface_hub import get_hf_file_metadata
    from huggingface_hub.errors import HfHubHTTPError

    patience_s = float(os.environ.get("HF_HUB_ETAG_TIMEOUT") or PATIENCE_S)
    unreached: list[Exception] = [TimeoutError(f"no answer within {patience_s:g} s")]

    def ask() -> None:
        try:
            get_hf_file_metadata(url, timeout=patience_s)
        except HfHubHTTPError:
            pass
        except Exception as error:  # whatever the client's HTTP library raises
            unreached[0] = error
            return
        unreached.clear()

    # A thread, because a name that is looked up in vain heeds no timeout.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience_s)
    if unreached:
        raise DataError(where, f"the hub cannot be reached ({_said(unreached[0])})", do=_WITHOUT)


def _said(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
