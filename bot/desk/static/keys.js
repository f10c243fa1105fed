/* A security key: asks the browser for one as soon as the page is there, and sends what it signed. */
"use strict";

(() => {
  const form = document.getElementById("key-form");
  const failed = document.getElementById("key-failed");
  const options = JSON.parse(form.dataset.options);
  const creates = form.dataset.does === "create";
  let asking = false;

  // What travels as base64url, a browser wants as bytes (not every one knows parseCreationOptionsFromJSON yet).
  function bytes(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  function text(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  function asked() {
    const { extensions, ...rest } = options;
    const both = { ...rest, challenge: bytes(rest.challenge) };
    if (!creates) return { ...both, allowCredentials: known(rest.allowCredentials) };
    return { ...both, user: { ...rest.user, id: bytes(rest.user.id) }, excludeCredentials: known(rest.excludeCredentials) };
  }

  function said(key) {
    const names = creates ? ["clientDataJSON", "attestationObject"]
      : ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
    const given = names.filter((name) => key.response[name]);
    const response = Object.fromEntries(given.map((name) => [name, text(key.response[name])]));
    if (creates && key.response.getTransports) response.transports = key.response.getTransports();
    return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response });
  }

  async function ask() {
    if (asking) return;
    asking = true;
    failed.textContent = "";
    try {
      const publicKey = asked();
      const key = await (creates ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.credential.value = said(key);
      form.submit();
    } catch {
      failed.textContent = failed.dataset.words;
      asking = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    ask();
  });
  ask();
})();
