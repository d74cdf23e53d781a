// What the pages do with script. Every page works without it; nothing here knows a secret or keeps anything.
"use strict";

(() => {
  // Shows what only makes sense with script, and hides what stands in for it.
  const upgrade = (root) => {
    for (const el of root.querySelectorAll(".script-only, [data-copy]")) el.hidden = false;
    for (const el of root.querySelectorAll(".plain-only")) el.hidden = true;
    for (const el of root.querySelectorAll("[data-countdown]")) countDown(el);
    for (const el of root.querySelectorAll("time[data-local]")) localTime(el);
  };

  // Counts the seconds of data-countdown down in the element's clock; at the end goes to data-countdown-end, if given,
  // else takes the element away. It trusts no clock of the device, only the time that passes.
  const countDown = (el) => {
    if (el.dataset.running) return;
    el.dataset.running = "1";
    const total = Number(el.dataset.countdown);
    const began = performance.now();
    const clock = el.querySelector("[data-countdown-clock]");
    const bar = el.querySelector("progress");
    const tick = () => {
      if (!el.isConnected) return;
      const left = Math.max(0, total - (performance.now() - began) / 1000);
      const whole = Math.ceil(left);
      clock.textContent = Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
      if (bar) bar.value = left;
      el.classList.toggle("soon", left <= 30);
      if (left > 0) {
        setTimeout(tick, 250);
      } else if (el.dataset.countdownEnd) {
        location.replace(el.dataset.countdownEnd);
      } else {
        el.hidden = true;
      }
    };
    tick();
  };

  const localTime = (el) => {
    const at = new Date(el.dateTime);
    if (Number.isNaN(at.getTime())) return;
    el.textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
      day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    }).format(at);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const status = button.parentElement.querySelector("[data-copy-status]");
    try {
      await navigator.clipboard.writeText(source.textContent.replace(/\s/g, ""));
    } catch {
      getSelection().selectAllChildren(source); // no permission: leave it selected, one key press from copied
      return;
    }
    button.dataset.before ??= button.textContent; // a second press finds "Copied" on the button
    button.textContent = button.dataset.copied;
    status.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = button.dataset.before;
      status.textContent = "";
    }, 2500);
  });

  // The fragment that htmx put in gets the same treatment as the page.
  document.addEventListener("htmx:after:swap", () => upgrade(document));

  // No answer at all: say so, and keep what was typed.
  document.addEventListener("htmx:error", () => {
    const notice = document.getElementById("offline");
    if (notice) notice.hidden = false;
  });
  document.addEventListener("htmx:before:request", () => {
    const notice = document.getElementById("offline");
    if (notice) notice.hidden = true;
  });

  // A page that comes back out of the browser's memory may show what is over: ask again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  upgrade(document);
})();
