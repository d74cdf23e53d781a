// What the pages do with script. Every page works without it; nothing here knows a secret or keeps anything.
(() => {
  "use strict";

  // Shows what only makes sense with script, and hides what stands in for it.
  const upgrade = (root) => {
    for (const el of root.querySelectorAll(".script-only, [data-copy]")) el.hidden = false;
    for (const el of root.querySelectorAll(".plain-only")) el.hidden = true;
    for (const el of root.querySelectorAll("[data-countdown]")) countDown(el);
    for (const el of root.querySelectorAll("time[data-local]")) localTime(el);
    for (const el of root.querySelectorAll("[data-age]")) emptyRing(el);
    sharpen();
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

  // Writes a moment in the person's own time zone: data-local="time" is one of today, to the second.
  const localTime = (el) => {
    const at = new Date(el.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const form = el.dataset.local === "time"
      ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
      : { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
    form.numberingSystem = "latn"; // the digits of the codes, in every language
    el.textContent = new Intl.DateTimeFormat(document.documentElement.lang, form).format(at);
  };

  // Empties a ring while the present code grows old: data-age is how many seconds it has been shown.
  const emptyRing = (el) => {
    if (el.dataset.running) return;
    el.dataset.running = "1";
    const began = performance.now() - Number(el.dataset.age) * 1000;
    const path = el.querySelector("circle + circle");
    const tick = () => {
      if (!el.isConnected) return;
      const age = Math.floor((performance.now() - began) / 1000) % 30;
      path.setAttribute("stroke-dashoffset", age);
      el.classList.toggle("soon", age >= 25);
      setTimeout(tick, 1000);
    };
    tick();
  };

  // Gives every module of the QR code the same whole number of the screen's own pixels, also where a zoomed page or a
  // screen has one and a half of them to a CSS pixel.
  const sharpen = () => {
    for (const img of document.querySelectorAll("img[data-modules]")) {
      const dot = Math.ceil((img.getAttribute("width") / img.dataset.modules) * devicePixelRatio - 0.01);
      img.style.width = img.style.height = (dot * img.dataset.modules) / devicePixelRatio + "px";
    }
  };
  addEventListener("resize", sharpen);

  // A pasted code is complete: it is sent at once. Whoever types decides when.
  document.addEventListener("paste", (event) => {
    const field = event.target.closest?.("input.code");
    if (!field) return;
    setTimeout(() => {
      if (/^\p{Nd}{6}$/u.test(field.value.replace(/[\s-]/g, ""))) field.form.requestSubmit();
    });
  });

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
