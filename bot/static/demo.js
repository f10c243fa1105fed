/* Three phones. What is on them is kept by the made-up providers: each phone asks for what is new or has changed. */
"use strict";

(() => {
  const EVERY = 700;
  const EVERY_WHEN_AWAY = 3000;
  const PATIENCE = 25000;
  const STATUS = {
    sending: "enviando", sent: "enviado", delivered: "entregado", read: "leído",
    queued: "en camino", accepted: "en camino", failed: "no llegó", undelivered: "no llegó",
  };
  const WORDLESS = {
    "[photo]": "Foto", "[voice]": "Mensaje de voz", "[blocked]": "Bloqueó a Faro. Si escribe, lo desbloquea.",
  };

  const $ = (id) => document.getElementById(id);
  const token = document.querySelector("meta[name=csrf-token]").content;
  const places = [...document.querySelectorAll(".place")];
  let sharing = null;

  // -- small helpers

  function recall(name) {
    try {
      return sessionStorage.getItem(`faro.demo.${name}`);
    } catch {
      return null;
    }
  }

  function keep(name, value) {
    try {
      sessionStorage.setItem(`faro.demo.${name}`, value);
    } catch {
      // A browser that keeps nothing: then a reload begins anew.
    }
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function words(text) {
    const made = element("p", "", text);
    made.dir = "auto";
    return made;
  }

  function tell(node, text) {
    node.textContent = text || "";
    node.hidden = !text;
  }

  const random = () => String(crypto.getRandomValues(new Uint32Array(1))[0] % 10 ** 6).padStart(6, "0");

  // Without https a browser has no randomUUID.
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join("");

  const somebody = (sample) => sample.slice(0, -6) + random();

  function tidy(text) {
    const digits = text.replace(/[^\d+]/g, "").replace(/^00/, "+");
    return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : null;
  }

  const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;

  function costOf({ unit, count, encoding }) {
    if (unit === "none") return "gratis";
    return unit === "segment" ? `${many(count, "segmento", "segmentos")} SMS · ${encoding}` : many(count, "mensaje", "mensajes");
  }

  function totalOf(costs) {
    const told = many(costs.length, "mensaje", "mensajes");
    if (costs.every((cost) => cost.unit === "none")) return costs.length ? `${told} · gratis` : "";
    const segments = costs.reduce((sum, cost) => sum + (cost.unit === "segment" ? cost.count : 0), 0);
    return segments ? `${told} · ${many(segments, "segmento", "segmentos")}` : told;
  }

  /** What the gateway answers; an Error says in Spanish what went wrong. */
  async function call(address, more) {
    let answer;
    try {
      answer = await fetch(address, { cache: "no-store", ...more });
    } catch (error) {
      throw error.name === "AbortError" ? error : new Error("Sin conexión con Faro.");
    }
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    if (body.stored === false) throw new Error("Faro no recibió el mensaje.");
    throw new Error(answer.status < 500 ? `No se envió: ${body.error || answer.status}` : "Los teléfonos no responden.");
  }

  function nameCountries(select) {
    const names = globalThis.Intl?.DisplayNames ? new Intl.DisplayNames(["es"], { type: "region" }) : null;
    for (const option of select.querySelectorAll("[data-country]")) {
      const { country } = option.dataset;
      option.textContent = [country, option.value, names?.of(country)].filter(Boolean).join(" ");
    }
  }

  // -- one phone

  function phone(section) {
    const { channel, messages: address } = section.dataset;
    const part = (name) => section.querySelector(`.${name}`);
    const log = part("log");
    const last = channel === "whatsapp" ? "read" : "delivered";
    // What is on the screen for one number; a new one begins with every change of the number.
    let screen = null;
    let timer = 0;
    let outgoing = Promise.resolve();

    function begin(number) {
      screen?.stop.abort();
      screen = { number, bubbles: new Map(), stop: new AbortController() };
      keep(channel, number);
      part("number").value = number;
      part("number").removeAttribute("aria-invalid");
      const samples = [...part("country").options].filter((option) => option.value);
      const same = samples.find((option) => option.value.slice(0, -6) === number.slice(0, -6));
      part("country").value = same?.value || "";
      log.replaceChildren(part("empty") || element("p", "empty", "Escriba un mensaje para empezar."));
      part("total").textContent = "";
      ask();
    }

    function useNumber() {
      const number = tidy(part("number").value);
      part("number").setAttribute("aria-invalid", String(!number));
      tell(part("trouble"), number ? "" : "Escriba el número con + y el código del país.");
      if (number && number !== screen.number) begin(number);
      return Boolean(number);
    }

    // -- what is on it

    function again(wait) {
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(ask, wait);
    }

    async function ask() {
      clearTimeout(timer);
      const mine = screen;
      if (mine.asking) return;
      mine.asking = true;
      let wait = EVERY;
      try {
        const query = new URLSearchParams({ number: mine.number, after: settled(mine) });
        const { messages } = await call(`${address}?${query}`, { signal: mine.stop.signal });
        if (mine !== screen) return;
        show(messages);
        if (mine.away) tell(part("trouble"), "");
        mine.away = false;
      } catch (error) {
        if (mine !== screen) return;
        mine.away = true;
        tell(part("trouble"), error.message);
        wait = EVERY_WHEN_AWAY;
      } finally {
        mine.asking = false;
      }
      again(wait);
    }

    /** The id up to which nothing will change any more. */
    function settled({ bubbles }) {
      const ids = [...bubbles.keys()];
      const open = ids.filter((id) => !bubbles.get(id).final);
      return open.length ? Math.min(...open) - 1 : Math.max(0, ...ids);
    }

    function show(messages) {
      let newest = null;
      for (const message of messages) {
        let known = screen.bubbles.get(message.id);
        if (!known) {
          known = { cost: message.from === "me" ? null : message.cost, node: bubble(message) };
          screen.bubbles.set(message.id, known);
          newest = known.node;
        }
        known.final = message.from === "me" ? message.status !== "sending" : isFinal(message.status);
        known.node.dataset.status = message.status;
        known.node.querySelector(".status").textContent = STATUS[message.status] || message.status;
      }
      if (!newest) return;
      part("total").textContent = totalOf([...screen.bubbles.values()].map(({ cost }) => cost).filter(Boolean));
      log.scrollTop = Math.min(log.scrollHeight, newest.offsetTop - 12);
    }

    const isFinal = (status) => [last, "failed", "undelivered"].includes(status);

    function bubble(message) {
      part("empty")?.remove();
      const made = element("div", `bubble ${message.from === "me" ? "me" : "faro"}`);
      made.dataset.id = message.id;
      if (message.from === "provider") made.append(element("p", "by", "Respuesta automática de la red:"));
      made.append(words(shown(message)), foot(message));
      for (const old of log.querySelectorAll(".options")) old.classList.add("old");
      log.append(made);
      if (message.options.length) log.append(choices(message));
      return made;
    }

    function shown({ text, from }) {
      if (from !== "me") return text;
      const place = places.find(({ dataset }) => text === `${Number(dataset.lat)}, ${Number(dataset.lon)}`);
      return place ? `${place.textContent} (${text})` : WORDLESS[text] || text;
    }

    function foot(message) {
      const line = element("div", "foot");
      const when = new Date(message.at);
      const time = element("time", "", when.toLocaleTimeString("es", { hour: "2-digit", minute: "2-digit" }));
      time.dateTime = message.at;
      line.append(time, element("span", "status"));
      if (message.from !== "me") line.append(element("span", "cost", costOf(message.cost)));
      return line;
    }

    /** A list opens by its own button, as on the phone. */
    function choices(message) {
      const list = element("ul", "options");
      for (const option of message.options) {
        const button = element("button", "option", option.label);
        button.type = "button";
        button.dir = "auto";
        button.addEventListener("click", () => {
          button.closest("details")?.removeAttribute("open");
          send({ option: option.id, of: message.id });
        });
        if (option.more && option.more !== "-") button.append(element("small", "", option.more));
        const item = element("li");
        item.append(button);
        list.append(item);
      }
      if (!message.opener) return list;
      const opened = element("details", "options");
      opened.append(element("summary", "option", message.opener), list);
      list.className = "items";
      return opened;
    }

    // -- what is sent, in the order in which it was written

    /** Whether it went out. */
    function send(content) {
      if (!useNumber()) {
        part("number").focus();
        return Promise.resolve(false);
      }
      const { number } = screen;
      outgoing = outgoing.then(() => post({ number, id: newId(), ...content }));
      return outgoing;
    }

    async function post(message) {
      try {
        const soon = setTimeout(() => again(0), 150);
        await call(address, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": token },
          body: JSON.stringify(message),
          signal: AbortSignal.timeout(PATIENCE),
        }).finally(() => clearTimeout(soon));
        if (!screen.away) tell(part("trouble"), "");
        return true;
      } catch (error) {
        tell(part("trouble"), error.name === "TimeoutError" ? "Faro tarda en recibir el mensaje." : error.message);
        return false;
      } finally {
        again(0);
      }
    }

    // -- hands on it

    async function say() {
      const box = part("text");
      const text = box.value.trim();
      if (!text || !useNumber()) return;
      box.value = "";
      if (!(await send({ text })) && !box.value) box.value = text;
    }

    part("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      say();
      part("text").focus();
    });
    part("text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        part("composer").requestSubmit();
      }
    });
    for (const button of section.querySelectorAll("[data-media]")) {
      button.addEventListener("click", () => send({ media: button.dataset.media }));
    }
    part("stop").addEventListener("click", () => send({ stop: true }));
    part("location")?.addEventListener("click", () => {
      sharing = send;
      $("places").showModal();
    });
    for (const key of section.querySelectorAll(".key")) {
      key.addEventListener("pointerdown", (event) => event.preventDefault());
      key.addEventListener("click", () => {
        part("text").value += key.textContent;
      });
    }
    part("country").addEventListener("change", () => {
      if (part("country").value) begin(somebody(part("country").value));
      else part("number").focus();
    });
    part("number").addEventListener("change", useNumber);
    document.addEventListener("visibilitychange", () => again(0));
    globalThis.addEventListener("online", () => again(0));

    nameCountries(part("country"));
    begin(recall(channel) || owner);
    return send;
  }

  // One person, at first, with three phones.
  const owner = somebody(document.querySelector("[data-country]").value);
  const phones = [...document.querySelectorAll("[data-channel]")].map(phone);

  $("all").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("all-text").value.trim();
    if (!text) return;
    $("all-text").value = "";
    const went = await Promise.all(phones.map((send) => send({ text })));
    if (!went.some(Boolean) && !$("all-text").value) $("all-text").value = text;
  });
  $("places-close").addEventListener("click", () => $("places").close());
  for (const place of places) {
    place.addEventListener("click", () => {
      $("places").close();
      sharing({ lat: Number(place.dataset.lat), lon: Number(place.dataset.lon) });
    });
  }
})();
