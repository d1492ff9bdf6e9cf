// Keys for people who work through a queue. They move the focus and never press anything.
(() => {
  "use strict";

  const OFF = "countersign.keys-off";
  const dialog = document.getElementById("keys");
  const isOn = document.getElementById("keys-on");
  let at = -1; // the row that the keys were at last; a poll may have taken it away

  const step = (by) => {
    const rows = [...document.querySelectorAll("main a[id^='row-']")];
    const here = rows.indexOf(document.activeElement);
    if (here >= 0) at = here + by;
    else if (at < 0) at = 0;
    else if (by < 0) at -= 1;
    at = Math.min(Math.max(at, 0), rows.length - 1);
    rows[at]?.focus();
  };

  const go = (form) => {
    const field = document.querySelector(`form.${form} :is(button, select, textarea, input:not([type="hidden"]))`);
    // Where somebody must first confirm that it is them, the one way on.
    (field ?? document.querySelector("#decide a.button"))?.focus();
  };

  // On a request: to its form. In the queue: to the page of the request that has the focus, and there to the form.
  const answer = (form) => {
    const row = document.activeElement;
    if (row.matches(".queue a[id^='row-']")) window.location.assign(`${row.href}#${form}`);
    else go(form);
  };

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    a: () => answer("approve"),
    d: () => answer("deny"),
    "?": () => dialog.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (isTyping || dialog.open || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(KEYS, event.key)) return;
    if (localStorage.getItem(OFF) && event.key !== "?") return;
    event.preventDefault();
    KEYS[event.key]();
  });

  if (["#approve", "#deny"].includes(window.location.hash)) go(window.location.hash.slice(1));

  isOn.checked = !localStorage.getItem(OFF);
  isOn.addEventListener("change", () => {
    if (isOn.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });

  for (const button of document.querySelectorAll("[data-opens-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
})();
