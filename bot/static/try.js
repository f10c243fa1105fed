/* The test phone. One fetch at a time asks for new messages; what is sent goes out in the order in which it was written. */
"use strict";

(() => {
  const WORDS = {
    es: {
      language: "Idioma", country: "País del número", number: "Número de teléfono", other: "Otro número",
      log: "Mensajes", empty: "Escriba un mensaje para empezar.", text: "Mensaje", send: "Enviar",
      location: "Compartir una ubicación", close: "Cerrar", device: "Usar la ubicación de este aparato",
      sample: "Un lugar de ejemplo", lat: "Latitud", lon: "Longitud", share: "Compartir este punto",
      voice: "Enviar un mensaje de voz (prueba, sin sonido)", voiceSent: "Mensaje de voz",
      posting: "enviando", sent: "enviado", delivered: "entregado",
      failed: "No se envió. Toque para intentar otra vez.", refused: "No se envió:",
      offline: "sin conexión", badNumber: "Escriba el número con + y el código del país.",
      noDevice: "Este aparato no da su ubicación. Elija un lugar de la lista.",
      badPoint: "Escriba la latitud (de -90 a 90) y la longitud (de -180 a 180).",
      note: "Este es el teléfono de prueba de Faro: no es una red telefónica real.",
    },
    en: {
      language: "Language", country: "Country of the number", number: "Phone number", other: "Another number",
      log: "Messages", empty: "Write a message to begin.", text: "Message", send: "Send",
      location: "Share a location", close: "Close", device: "Use this device's location",
      sample: "A sample place", lat: "Latitude", lon: "Longitude", share: "Share this point",
      voice: "Send a voice message (a test, without sound)", voiceSent: "Voice message",
      posting: "sending", sent: "sent", delivered: "delivered",
      failed: "Not sent. Tap to try again.", refused: "Not sent:",
      offline: "no connection", badNumber: "Write the number with + and the country code.",
      noDevice: "This device does not give its location. Choose a place from the list.",
      badPoint: "Write the latitude (-90 to 90) and the longitude (-180 to 180).",
      note: "This is Faro's test phone: it is not a real telephone network.",
    },
    pt: {
      language: "Idioma", country: "País do número", number: "Número de telefone", other: "Outro número",
      log: "Mensagens", empty: "Escreva uma mensagem para começar.", text: "Mensagem", send: "Enviar",
      location: "Compartilhar uma localização", close: "Fechar", device: "Usar a localização deste aparelho",
      sample: "Um lugar de exemplo", lat: "Latitude", lon: "Longitude", share: "Compartilhar este ponto",
      voice: "Enviar uma mensagem de voz (teste, sem som)", voiceSent: "Mensagem de voz",
      posting: "enviando", sent: "enviada", delivered: "entregue",
      failed: "Não foi enviada. Toque para tentar de novo.", refused: "Não foi enviada:",
      offline: "sem conexão", badNumber: "Escreva o número com + e o código do país.",
      noDevice: "Este aparelho não dá a sua localização. Escolha um lugar da lista.",
      badPoint: "Escreva a latitude (de -90 a 90) e a longitude (de -180 a 180).",
      note: "Este é o telefone de teste do Faro: não é uma rede telefônica real.",
    },
    fr: {
      language: "Langue", country: "Pays du numéro", number: "Numéro de téléphone", other: "Autre numéro",
      log: "Messages", empty: "Écrivez un message pour commencer.", text: "Message", send: "Envoyer",
      location: "Partager un lieu", close: "Fermer", device: "Utiliser la position de cet appareil",
      sample: "Un lieu d'exemple", lat: "Latitude", lon: "Longitude", share: "Partager ce point",
      voice: "Envoyer un message vocal (essai, sans son)", voiceSent: "Message vocal",
      posting: "envoi en cours", sent: "envoyé", delivered: "remis",
      failed: "Pas envoyé. Touchez pour réessayer.", refused: "Pas envoyé :",
      offline: "pas de connexion", badNumber: "Écrivez le numéro avec + et le code du pays.",
      noDevice: "Cet appareil ne donne pas sa position. Choisissez un lieu dans la liste.",
      badPoint: "Écrivez la latitude (de -90 à 90) et la longitude (de -180 à 180).",
      note: "Ceci est le téléphone d'essai de Faro : ce n'est pas un vrai réseau téléphonique.",
    },
    ht: {
      language: "Lang", country: "Peyi nimewo a", number: "Nimewo telefòn", other: "Lòt nimewo",
      log: "Mesaj", empty: "Ekri yon mesaj pou kòmanse.", text: "Mesaj", send: "Voye",
      location: "Pataje yon kote", close: "Fèmen", device: "Sèvi ak pozisyon aparèy sa a",
      sample: "Yon kote pou egzanp", lat: "Latitid", lon: "Lonjitid", share: "Pataje pwen sa a",
      voice: "Voye yon mesaj vwa (tès, san son)", voiceSent: "Mesaj vwa",
      posting: "ap voye", sent: "voye", delivered: "rive",
      failed: "Mesaj la pa pati. Peze pou eseye ankò.", refused: "Mesaj la pa pati:",
      offline: "pa gen koneksyon", badNumber: "Ekri nimewo a ak + ak kòd peyi a.",
      noDevice: "Aparèy sa a pa bay pozisyon li. Chwazi yon kote nan lis la.",
      badPoint: "Ekri latitid la (-90 rive 90) ak lonjitid la (-180 rive 180).",
      note: "Sa a se telefòn tès Faro: se pa yon vrè rezo telefòn.",
    },
  };
  const EVERY = 700;
  const EVERY_WHEN_AWAY = 3000;
  const PATIENCE = 15000;

  const $ = (id) => document.getElementById(id);
  const address = document.body.dataset.messages;
  const token = document.querySelector("meta[name=csrf-token]").content;
  const log = $("log");

  // The chat of one number; a new one begins with every change of the number.
  let chat = null;
  let language = recall("language") in WORDS ? recall("language") : "es";
  let asking = null;
  let timer = 0;
  let outgoing = Promise.resolve();

  // -- small helpers

  function recall(name) {
    try {
      return sessionStorage.getItem(`faro.${name}`);
    } catch {
      return null;
    }
  }

  function keep(name, value) {
    try {
      sessionStorage.setItem(`faro.${name}`, value);
    } catch {
      // A browser that keeps nothing: then a reload begins anew.
    }
  }

  const word = (name) => WORDS[language][name];

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    // Without https a browser has no randomUUID.
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  const random = (digits) =>
    String(crypto.getRandomValues(new Uint32Array(1))[0] % 10 ** digits).padStart(digits, "0");

  const somebody = (sample) => sample.slice(0, -6) + random(6);

  function timeout(outer) {
    const own = new AbortController();
    const limit = setTimeout(() => own.abort(), PATIENCE);
    outer?.addEventListener("abort", () => own.abort());
    return { signal: own.signal, done: () => clearTimeout(limit) };
  }

  function tell(node, text) {
    node.textContent = text || "";
    node.hidden = !text;
  }

  // -- language

  function speak() {
    document.documentElement.lang = language;
    $("language").value = language;
    for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
    for (const node of document.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", word(node.dataset.label));
      if (node.tagName === "BUTTON") node.title = word(node.dataset.label);
    }
    for (const bubble of log.querySelectorAll(".bubble.me")) mark(bubble, bubble.dataset.status);
    if ($("connection").textContent) $("connection").textContent = word("offline");
    nameCountries();
  }

  function nameCountries() {
    let names = null;
    for (const tag of [language, "fr"]) {
      if (names || !globalThis.Intl?.DisplayNames) break;
      try {
        if (Intl.DisplayNames.supportedLocalesOf([tag]).length) names = new Intl.DisplayNames([tag], { type: "region" });
      } catch {
        names = null;
      }
    }
    for (const option of $("country").querySelectorAll("[data-country]")) {
      const { country } = option.dataset;
      option.textContent = [country, option.value, names?.of(country)].filter(Boolean).join(" ");
    }
  }

  // -- the number in use

  function tidy(text) {
    const digits = text.replace(/[^\d+]/g, "").replace(/^00/, "+");
    return /^\+\d{7,15}$/.test(digits) ? digits : null;
  }

  function badNumber(reason) {
    tell($("number-problem"), reason);
    $("number").setAttribute("aria-invalid", String(Boolean(reason)));
  }

  /** Use the number in the field; false when it is none. */
  function useNumber() {
    const number = tidy($("number").value);
    if (!number) {
      badNumber(word("badNumber"));
      return false;
    }
    if (number === chat?.number) {
      if (!chat.refused) badNumber("");
      return !chat.refused;
    }
    badNumber("");
    begin(number);
    return true;
  }

  function begin(number) {
    chat?.stop.abort();
    chat = { number, seen: 0, told: null, opened: false, refused: false, mine: new Map(), stop: new AbortController() };
    asking = null;
    keep("number", number);
    $("number").value = number;
    const samples = [...$("country").options].filter((o) => o.value);
    $("country").value = samples.find((o) => o.value.slice(0, -6) === number.slice(0, -6))?.value || "";
    log.replaceChildren($("empty"));
    $("empty").hidden = false;
    again(0);
  }

  // -- what comes from Faro

  function again(wait) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  /** Ask for new messages; never twice at once for one number. */
  function ask() {
    if (!asking) {
      const mine = chat;
      asking = fetchNew(mine).finally(() => {
        if (mine === chat) asking = null;
      });
    }
    return asking;
  }

  async function fetchNew(mine) {
    clearTimeout(timer);
    const limit = timeout(mine.stop.signal);
    let connected = false;
    try {
      const query = new URLSearchParams({ number: mine.number, after: mine.seen });
      const answer = await fetch(`${address}?${query}`, { signal: limit.signal, cache: "no-store" });
      const body = await answer.json();
      if (mine !== chat) return;
      connected = answer.status < 500;
      if (answer.ok) {
        mine.opened = true;
        show(body.messages);
      } else if (connected) {
        mine.refused = answer.status === 400;
        badNumber(body.error);
      }
    } catch {
      connected = false;
    } finally {
      limit.done();
    }
    if (mine !== chat) return;
    $("connection").textContent = connected ? "" : word("offline");
    if (!document.hidden && !mine.refused) again(connected && mine.opened ? EVERY : EVERY_WHEN_AWAY);
  }

  function show(messages) {
    let first = null;
    for (const message of messages) {
      if (message.from === "me") {
        const bubble = chat.mine.get(message.sent_as);
        if (bubble && bubble.dataset.status !== message.status) mark(bubble, message.status);
      } else if (message.id > chat.seen) {
        chat.seen = message.id;
        const bubble = showFaro(message);
        first ??= bubble;
      }
    }
    if (first) scrollTo(first);
  }

  function showFaro(message) {
    const bubble = element("div", "bubble faro");
    bubble.dataset.id = message.id;
    const text = element("p", "", message.text);
    text.dir = "auto";
    bubble.append(text, foot(message.at));
    add(bubble);
    if (message.options?.length) {
      fade();
      const list = element("ul", "options");
      for (const option of message.options) {
        const button = element("button", "option", `${option.number}. ${option.label}`);
        button.type = "button";
        button.dir = "auto";
        button.dataset.number = option.number;
        button.dataset.outbound = message.id;
        button.addEventListener("click", () =>
          say({ kind: "option", number: option.number, outbound: message.id }, option.label));
        const item = element("li");
        item.append(button);
        list.append(item);
      }
      log.append(list);
    }
    return bubble;
  }

  function foot(at) {
    const line = element("div", "foot");
    const when = new Date(at ?? Date.now());
    const time = element("time", "", when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    time.dateTime = when.toISOString();
    line.append(time);
    return line;
  }

  function fade() {
    for (const list of log.querySelectorAll(".options")) list.classList.add("old");
  }

  function add(bubble) {
    $("empty").hidden = true;
    log.append(bubble);
  }

  /** As far down as possible, with the top of `bubble` still in view: a long answer is read from its beginning. */
  function scrollTo(bubble) {
    log.scrollTop = Math.min(log.scrollHeight, bubble.offsetTop - 12);
  }

  // -- what is sent

  function say(content, shown) {
    if (!useNumber()) {
      $("number").focus();
      return false;
    }
    const message = { phone: chat.number, id: newId(), ...content };
    const bubble = element("div", "bubble me");
    bubble.dataset.id = message.id;
    const text = element("p", "", shown);
    text.dir = "auto";
    if (content.kind === "location") text.prepend(element("span", "pin"));
    const line = foot();
    const tick = element("span", "tick");
    tick.setAttribute("role", "img");
    line.append(tick);
    bubble.append(text, line);
    fade();
    add(bubble);
    scrollTo(bubble);
    chat.mine.set(message.id, bubble);
    send(message, bubble, chat);
    return true;
  }

  function send(message, bubble, mine) {
    mark(bubble, "posting");
    outgoing = outgoing.then(() => post(message, bubble, mine));
  }

  async function post(message, bubble, mine) {
    let limit = null;
    try {
      await opened(mine);
      limit = timeout();
      const body = { ...message };
      const spoken = language;
      if (mine.told !== spoken) body.language = spoken;
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
        signal: limit.signal,
      });
      if (answer.status === 202) {
        mine.told = spoken;
        if (bubble.dataset.status !== "delivered") mark(bubble, "sent");
        if (mine === chat && mine.opened) again(0);
      } else if (answer.status >= 400 && answer.status < 500) {
        const reason = await answer.json().catch(() => ({}));
        mark(bubble, "refused", reason.error || String(answer.status));
        giveBack(message.text);
      } else {
        throw new Error(String(answer.status));
      }
    } catch {
      if (bubble.dataset.status === "posting") {
        mark(bubble, "failed");
        bubble.retry = () => send(message, bubble, mine);
      }
    } finally {
      limit?.done();
    }
  }

  /** The server shows a browser what comes after it first asked for a number: so ask before the first message. */
  async function opened(mine) {
    for (let tries = 0; tries < 2; tries += 1) {
      if (mine !== chat || mine.opened || mine.refused) return;
      await ask();
    }
    if (!mine.opened && !mine.refused && mine === chat) throw new Error("no connection");
  }

  function mark(bubble, status, reason) {
    if (status === "refused" && reason === undefined) return;
    const hadFocus = bubble.querySelector(".retry") === document.activeElement && document.activeElement !== null;
    bubble.dataset.status = status;
    bubble.querySelector(".problem, .retry")?.remove();
    if (status === "failed") {
      const retry = element("button", "retry", word("failed"));
      retry.type = "button";
      retry.addEventListener("click", () => bubble.retry());
      bubble.append(retry);
      if (log.lastElementChild === bubble) scrollTo(bubble);
    } else if (status === "refused") {
      bubble.append(element("p", "problem", `${word("refused")} ${reason}`));
    } else {
      const tick = bubble.querySelector(".tick");
      tick.title = word(status);
      tick.setAttribute("aria-label", word(status));
    }
    if (hadFocus) $("text").focus();
  }

  /** A text that was refused can be mended, unless the next one is being written already. */
  function giveBack(text) {
    if (!text || $("text").value) return;
    $("text").value = text;
    grow();
  }

  function grow() {
    const box = $("text");
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  }

  // -- sharing a location

  function share(lat, lon, name) {
    $("places").close();
    const point = `${lat}, ${lon}`;
    say({ kind: "location", lat, lon }, name ? `${name} (${point})` : point);
  }

  function shareDevice() {
    const refused = () => tell($("places-problem"), word("noDevice"));
    if (!navigator.geolocation) {
      refused();
      return;
    }
    tell($("places-problem"), "");
    $("device").disabled = true;
    const round = (degrees) => Math.round(degrees * 1e5) / 1e5;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        $("device").disabled = false;
        if ($("places").open) share(round(coords.latitude), round(coords.longitude));
      },
      () => {
        $("device").disabled = false;
        refused();
      },
      { timeout: 10000, maximumAge: 60000 },
    );
  }

  function sharePoint(event) {
    event.preventDefault();
    const [lat, lon] = ["lat", "lon"].map((id) => {
      const text = $(id).value.trim().replace(",", ".");
      return text === "" ? NaN : Number(text);
    });
    if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180) share(lat, lon);
    else tell($("places-problem"), word("badPoint"));
  }

  // -- hands on the page

  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (text && say({ kind: "text", text }, text)) {
      $("text").value = "";
      grow();
    }
    if (document.activeElement !== $("number")) $("text").focus();
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $("composer").requestSubmit();
    }
  });
  $("text").addEventListener("input", grow);
  $("voice").addEventListener("click", () => say({ kind: "unreadable" }, word("voiceSent")));

  $("location").addEventListener("click", () => {
    tell($("places-problem"), "");
    $("places").showModal();
  });
  $("places-close").addEventListener("click", () => $("places").close());
  $("places").addEventListener("close", () => $("text").focus());
  $("device").addEventListener("click", shareDevice);
  $("point").addEventListener("submit", sharePoint);
  for (const button of document.querySelectorAll(".place")) {
    const { lat, lon } = button.dataset;
    button.addEventListener("click", () => share(Number(lat), Number(lon), button.textContent));
  }

  $("language").addEventListener("change", () => {
    language = $("language").value;
    keep("language", language);
    speak();
  });
  $("country").addEventListener("change", () => {
    if ($("country").value) {
      $("number").value = somebody($("country").value);
      useNumber();
    } else {
      $("number").focus();
      $("number").select();
    }
  });
  $("number").addEventListener("change", useNumber);
  $("number").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && useNumber()) $("text").focus();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!chat.refused) again(0);
  });
  globalThis.addEventListener("online", () => again(0));

  speak();
  const kept = tidy(recall("number") || "");
  const sample = [...$("country").options].find((option) => option.value)?.value;
  begin(kept || (sample ? somebody(sample) : "+520000000000"));
})();
