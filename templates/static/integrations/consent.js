"use strict";
// Opens NinjaOne's consent in a popup and renews the card once the answer is in. Without this script, or when the
// popup is blocked, the same form goes there and back in this window.
(() => {
  const POPUP = "ninjaone-consent";
  const EVERY_MS = 2000;
  const LONGEST_MS = 10 * 60 * 1000; // a consent may take that long
  let waitsUntil = 0;
  let timer = 0;

  const card = () => document.getElementById("connection-card");

  function showWaiting(isWaiting) {
    const note = card().querySelector("[data-waiting]");
    if (note) { note.hidden = !isWaiting; }
  }

  async function look() {
    let response;
    try {
      response = await fetch(card().dataset.stateUrl, { redirect: "error", cache: "no-store" });
    } catch {
      return; // offline or signed out: the next look may fare better
    }
    if (!response.ok) { return; }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("connection-card");
    if (!fresh || fresh.dataset.mark === card().dataset.mark) { return; }
    card().replaceWith(document.adoptNode(fresh));
    document.querySelector(".messagelist")?.remove(); // it told of the state before
    waitsUntil = 0;
  }

  async function wait() {
    clearTimeout(timer);
    await look();
    if (Date.now() < waitsUntil) {
      timer = setTimeout(wait, EVERY_MS);
    } else {
      showWaiting(false);
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-consent]")) { return; }
    const popup = window.open("", POPUP, "popup,width=560,height=780");
    if (!popup) {
      form.removeAttribute("target");
      return;
    }
    popup.focus();
    form.target = POPUP;
    waitsUntil = Date.now() + LONGEST_MS;
    showWaiting(true);
    timer = setTimeout(wait, EVERY_MS);
  });

  // The popup cannot reach its opener across NinjaOne's page, but it can call out on our own origin.
  if ("BroadcastChannel" in window) {
    new BroadcastChannel(POPUP).addEventListener("message", (event) => {
      if (event.data === "refused") { waitsUntil = 0; } // that window says why
      wait();
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && waitsUntil) { wait(); }
  });
})();
