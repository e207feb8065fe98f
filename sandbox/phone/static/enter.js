// A customer-service link opened inside a page: hand over to the phone around it.
const openKfid = decodeURIComponent(location.pathname.split("/").pop());
const chat = `kf:${openKfid}`;
if (window.parent === window) location.replace(`/?chat=${encodeURIComponent(chat)}`);
else window.parent.postMessage({ open: chat }, location.origin);
