/* The desk: keeps the page fresh without taking away what is being written, says how long ago, sends with Ctrl+Enter. */
"use strict";

(() => {
  const EVERY = 3000;
  const LIST_EVERY = 9000;
  const PATIENCE = 10000;

  const live = document.getElementById("live");
  const trouble = document.getElementById("trouble");
  const announce = document.getElementById("announce");
  const list = document.body.dataset.list;
  const said = JSON.parse(document.body.dataset.words);
  const spoken = document.documentElement.lang;
  const plainTitle = document.title;
  const words = "textarea, select, input:not([type=hidden])";

  // A form was sent: the page is about to go.
  let leaving = false;
  let signedOut = false;
  let lastSeen = new Date();
  let listSeen = 0;
  // Somebody has touched the page since it last asked: to look on alone does not keep them signed in.
  let hands = false;

  // What the server last gave for each part; scripts change the page after that.
  const parts = (root) => [...root.querySelectorAll("[data-part]")];
  const given = new Map(live ? parts(live).map((part) => [part.dataset.part, plain(part)]) : []);

  /** A part's HTML without what differs each time. */
  function plain(part) {
    const copy = part.cloneNode(true);
    for (const secret of copy.querySelectorAll("[name=csrf_token]")) secret.removeAttribute("value");
    return copy.outerHTML;
  }

  // -- times

  const past = new Intl.RelativeTimeFormat(spoken, { style: "short" });

  function ago(seconds) {
    const steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [Infinity, 86400, "day"]];
    if (seconds < 10) return said.now;
    const [, unit, name] = steps.find(([below]) => seconds < below);
    return past.format(-Math.floor(seconds / unit), name);
  }

  function tellTimes() {
    for (const time of document.querySelectorAll(".moment time")) {
      let note = time.parentNode.querySelector(".ago");
      if (!note) {
        note = document.createElement("span");
        note.className = "ago";
        time.after(" ", note);
      }
      const text = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (note.textContent !== text) note.textContent = text;
    }
  }

  // -- what waits, in the title and beside "Reports"

  let waiting = null;

  function tellWaiting(root) {
    const told = root.querySelector("[data-waiting]");
    if (!told) return;
    const count = Number(told.dataset.waiting);
    if (waiting !== null && count > waiting) say(said.new.replace("{count}", count));
    waiting = count;
    document.title = count ? `(${count}) ${plainTitle}` : plainTitle;
    const badge = document.getElementById("waiting");
    badge.hidden = !count;
    badge.textContent = count;
    badge.title = said.unread.replace("{count}", count);
  }

  function say(text) {
    announce.textContent = "";
    announce.textContent = text;
  }

  // -- fresh parts

  /** Is somebody writing or choosing there? */
  function busy(part) {
    if (document.activeElement?.matches(words) && part.contains(document.activeElement)) return true;
    return [...part.querySelectorAll("textarea, select")].some((field) => field.value !== "");
  }

  function refresh(fresh) {
    for (const part of parts(fresh)) {
      const name = part.dataset.part;
      const html = plain(part);
      if (given.get(name) === html) continue;
      const old = live.querySelector(`[data-part="${CSS.escape(name)}"]`);
      if (!old || busy(old)) continue;
      if (name === "talk" && Number(part.dataset.lines) > Number(old.dataset.lines)) say(said.wrote);
      const held = old.contains(document.activeElement) ? document.activeElement : null;
      old.replaceWith(document.adoptNode(part));
      given.set(name, html);
      if (held) alike(held, part)?.focus({ preventScroll: true });
    }
  }

  /** The element of a fresh part that took the place of the one that had the focus. */
  function alike(held, part) {
    const href = held.getAttribute("href");
    if (held.id) return part.querySelector(`#${CSS.escape(held.id)}`);
    if (href) return part.querySelector(`a[href="${CSS.escape(href)}"]`);
    return null;
  }

  async function page(address) {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const headers = { Accept: "text/html", "X-Renews": "1", ...(hands ? {} : { "X-Faro-Watching": "1" }) };
      hands = false;
      const answer = await fetch(address, { signal: stop.signal, cache: "no-store", headers });
      if (answer.redirected && new URL(answer.url).pathname !== new URL(address, location.href).pathname) {
        signedOut = true;
        warn(`${said.out} `, said.in, location.pathname);
        return null;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } finally {
      clearTimeout(limit);
    }
  }

  function warn(text, link, href) {
    if (trouble.dataset.text === text + link) return;
    trouble.dataset.text = text + link;
    trouble.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.textContent = link;
      anchor.href = href;
      trouble.append(anchor);
    }
    trouble.hidden = !text;
  }

  async function look() {
    // A person's lines count as read once the desk has them: so ask for an open report only while it is looked at.
    const isReport = live.hasAttribute("data-case");
    if (!isReport || !document.hidden) {
      const fresh = await page(location.href);
      if (!fresh || leaving) return;
      const flashes = fresh.querySelectorAll("#flashes li");
      if (flashes.length) document.getElementById("flashes").replaceChildren(...flashes);
      tellWaiting(fresh);
      const found = fresh.getElementById("live");
      if (found) refresh(found);
    }
    if (!document.querySelector("[data-waiting]") && Date.now() - listSeen > LIST_EVERY) {
      listSeen = Date.now();
      const fresh = await page(list);
      if (fresh && !leaving) tellWaiting(fresh);
    }
    tellTimes();
  }

  async function keepFresh() {
    if (!leaving) {
      try {
        await look();
        if (!signedOut) {
          lastSeen = new Date();
          warn("", "");
        }
      } catch {
        const at = lastSeen.toLocaleTimeString(spoken, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
        if (!leaving) warn(said.trouble.replace("{time}", at), "");
      }
    }
    tellTimes();
    if (!signedOut) setTimeout(keepFresh, EVERY);
  }

  // -- hands on the page

  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"]) {
    document.addEventListener(kind, () => { hands = true; }, { passive: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("#write textarea")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  // A quick reply comes after what is written already, to be changed before it is sent.
  document.addEventListener("click", (event) => {
    const quick = event.target.closest?.("[data-quick]");
    if (!quick) return;
    const box = quick.form.querySelector("textarea");
    box.value = [box.value.trimEnd(), quick.dataset.quick].filter(Boolean).join("\n");
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  });

  document.addEventListener("submit", (event) => {
    if (leaving) {
      event.preventDefault();
      return;
    }
    leaving = true;
    for (const button of event.target.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });

  // Back from another page, or the sending was stopped: the page lives again.
  addEventListener("pageshow", () => {
    leaving = false;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    dispatchEvent(new Event("pageshow"));
    for (const open of document.querySelectorAll("header details[open]")) {
      if (open.contains(document.activeElement)) open.querySelector("summary").focus();
      open.open = false;
    }
  });

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("header details[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  tellTimes();
  tellWaiting(document);
  if (live) setTimeout(keepFresh, live.hasAttribute("data-case") ? 0 : EVERY);
  else setInterval(tellTimes, EVERY);
})();
