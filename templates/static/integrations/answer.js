"use strict";
// Takes code and state out of the address bar and the history, tells the page that waits, and closes the popup.
(() => {
  const answer = document.getElementById("consent-answer").dataset.answer;
  history.replaceState(null, "", window.location.pathname);
  if ("BroadcastChannel" in window) {
    const channel = new BroadcastChannel("ninjaone-consent");
    channel.postMessage(answer);
    channel.close();
  }
  let isPopup = false;
  try {
    isPopup = sessionStorage.getItem("ninjaone-consent") === "popup";
    sessionStorage.removeItem("ninjaone-consent");
  } catch {
    // Not known: stay open.
  }
  if (isPopup && answer === "connected") { setTimeout(() => window.close(), 1500); }
})();
