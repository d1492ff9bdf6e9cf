// Passkeys. The browser talks to the device; what it answers goes into the form, and the form to the server.
(() => {
  "use strict";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const listed = (credentials) => (credentials ?? []).map((known) => ({ ...known, id: bytes(known.id) }));

  const added = async ({ publicKey }) => {
    const credential = await navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: listed(publicKey.excludeCredentials),
        // Found without a user name, and only after a fingerprint, a face or a PIN.
        authenticatorSelection: {
          ...publicKey.authenticatorSelection,
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
      },
    });
    const { clientDataJSON, attestationObject } = credential.response;
    return answer(credential, { clientDataJSON, attestationObject });
  };

  const used = async ({ publicKey }) => {
    const credential = await navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: listed(publicKey.allowCredentials),
      },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
    return answer(credential, { clientDataJSON, authenticatorData, signature, userHandle });
  };

  const answer = (credential, response) => ({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(
      Object.entries(response).filter(([, value]) => value).map(([name, value]) => [name, text(value)]),
    ),
    clientExtensionResults: credential.getClientExtensionResults(),
  });

  const offered = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const response = await fetch(form.action, { headers: { Accept: "application/json" } });
    return (await response.json()).request_options;
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    // Browsers know passkeys for names alone, not for addresses such as 127.0.0.1.
    if (!window.PublicKeyCredential || /^[\d.]+$|:/.test(location.hostname)) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-passkey-problem]");
      problem.hidden = true;
      try {
        const options = await offered(form);
        const credential = form.dataset.passkey === "add" ? await added(options) : await used(options);
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        problem.textContent = problem.dataset.passkeyProblem.replace("{reason}", error.message);
        problem.hidden = false;
      }
    });
  }
})();
