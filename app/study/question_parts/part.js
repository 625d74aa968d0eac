// Taking part: what the server says is drawn, what the person does is kept here and then told to it.
// A message is told again until the server has heard it; told twice it counts once.
const AGAIN = 5000; // ms until an unheard message is told again; each time twice as long, so that
const SELDOM = 20000; // a server with too much to do is not given more
const SLOW = 300; // ms until "Saving" appears
const LOST = 3000; // ms until silence is called a lost connection
const SECTIONS = ["consent", "declined", "question", "finished", "withdraw", "withdrawn", "closed"];
const KEPT_HERE = "No connection. Your answer is kept here and is sent when the connection is back.";
const GOES_ON = "No connection. This goes on when the connection is back.";
const NOT_KEPT = "This browser keeps nothing for this page: reloading it would begin anew.";
const parts = new WeakMap();

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  if (!parts.has(parentElement)) {
    const begin = data.preview ? beginPreview : beginPart;
    parts.set(parentElement, begin(parentElement, data));
  }
  const part = parts.get(parentElement);
  part.tell = (message) => setStateValue("message", message);
  part.answer = (answer) => setTriggerValue("answer", answer);
  part.receive(data);
  return () => parentElement.host.isConnected || part.end();
}

// A question alone, as the officer sees it beforehand: nothing is kept, the answer is told once.
function beginPreview(root) {
  const part = {};
  const view = questionView(root, () => {}, (answer) => part.answer(answer));
  const around = watch(root, view, () => true, () => {});
  part.receive = (data) => {
    reveal(root, "question");
    if (!view.shows(data)) view.draw(data, null);
  };
  part.end = () => end(root, view, around);
  return part;
}

function beginPart(root, first) {
  const find = (name) => root.querySelector(name);
  const store = openStore(first.study);
  const part = { receive };
  let [serial, unheard, timers, data] = [first.heard, null, [], first];
  let patience = AGAIN;
  let met = first.stage !== "hello" && !first.wait;

  const view = questionView(root, seen, (answer) => {
    store.write({ pending: answer });
    say({ kind: "answer", token: store.kept.token, ...answer });
  });
  const asked = () => data.stage === "question";
  // another tab may have gone on meanwhile
  const around = watch(root, view, asked, () => unheard || !asked() || hello());
  const dialogs = new MutationObserver(dismiss);
  dialogs.observe(document.body, { childList: true });
  part.end = () => {
    hush();
    dialogs.disconnect();
    end(root, view, around);
  };

  // ---- to the server
  function say(message) {
    unheard = { ...message, from: serial + 1 };
    patience = AGAIN;
    tell();
    later(() => wait("Saving …", null), SLOW);
  }

  function tell() {
    hush();
    serial += 1;
    const { from, ...message } = unheard;
    part.tell({ ...message, serial });
    later(() => wait(KEPT_HERE, GOES_ON), LOST);
    later(tell, patience);
    patience = Math.min(2 * patience, SELDOM);
  }

  function later(act, milliseconds) {
    timers.push(setTimeout(() => root.host.isConnected && unheard && act(), milliseconds));
  }

  function hush() {
    timers.forEach(clearTimeout);
    timers = [];
  }

  function wait(ofAnswer, ofElse) {
    if (unheard.kind === "answer") find(".saving").textContent = ofAnswer;
    else if (ofElse) note(ofElse);
  }

  function hello() {
    store.refresh();
    const { token, started } = store.kept;
    // agreed, but the server's word that it heard so never came
    say({ kind: token && !started ? "agree" : "hello", token });
  }

  // ---- from the server
  function receive(found) {
    if (!met) {
      met = true;
      return hello();
    }
    // what was said before our last message was heard says nothing new
    if (unheard ? found.heard < unheard.from : found.stage === "hello") return;
    if (found.wait) {
      hush();
      note(found.note);
      return unheard && later(tell, AGAIN);
    }
    const said = unheard;
    [unheard, data] = [null, found];
    hush();
    find(".saving").textContent = "";
    if (found.forget) store.forget();
    const takesPart = found.stage === "question" || found.stage === "finished";
    if (takesPart) goesOn(found);
    note(found.note ?? (takesPart && store.blocked ? NOT_KEPT : null));
    if (found.stage === "question") return question(found, said);
    view.finish();
    reveal(root, found.stage);
    find(".code").textContent = found.code ?? "";
    confirm("ask");
  }

  function goesOn(found) {
    const { started, pending } = store.kept;
    const stored = pending && (found.stage === "finished" || pending.number < found.number);
    if (!started || stored) store.write({ started: true, pending: stored ? null : pending });
    // who the person is for a panel was handed over and need not stand in the address
    const address = new URL(location.href);
    const others = [...address.searchParams.keys()].filter((name) => name !== "study");
    others.forEach((name) => address.searchParams.delete(name));
    if (others.length) history.replaceState(history.state, "", address);
  }

  function question(found, said) {
    const pending = store.kept.pending;
    const unsent = said?.kind !== "answer" && pending?.number === found.number;
    const hidden = find("section.question").hidden;
    reveal(root, "question");
    if (hidden || !view.shows(found)) {
      const known = store.kept.seen?.number === found.number;
      view.draw(found, known ? Math.max(0, Date.now() - store.kept.seen.at) : null);
    }
    if (!unsent) return;
    view.finish(pending.place);
    say({ kind: "answer", token: store.kept.token, ...pending });
  }

  function seen(number) {
    if (store.kept.seen?.number !== number) store.write({ seen: { number, at: Date.now() } });
  }

  // ---- on the screen
  function note(text) {
    find(".note").textContent = text ?? "";
    find(".note").hidden = !text;
    if (text) find(".screen").hidden = false;
  }

  function confirm(which) {
    for (const each of ["ask", "sure-delete", "sure-other"]) find(`.${each}`).hidden = each !== which;
  }

  // A button does nothing while a message is under way.
  function on(name, act) {
    root.querySelectorAll(name).forEach((one) => (one.onclick = () => unheard || act()));
  }
  on(".agree", () => {
    store.refresh();
    if (!store.kept.token) store.write({ token: newToken(), started: false });
    say({ kind: "agree", token: store.kept.token });
  });
  on(".decline", () => say({ kind: "decline" }));
  on(".to-code", () => say({ kind: "code" }));
  on(".to-consent", () => {
    const address = new URL(location.href);
    address.searchParams.delete("withdraw");
    history.replaceState(history.state, "", address);
    hello();
  });
  on(".delete", () => confirm("sure-delete"));
  on(".other", () => confirm("sure-other"));
  on(".no", () => confirm("ask"));
  on(".yes-delete", () => say({ kind: "withdraw", token: store.kept.token, code: data.code }));
  on(".yes-other", () => {
    store.forget();
    hello();
  });
  on(".copy", () => copy(find(".code"), find(".copy")));
  find("form").onsubmit = (event) => {
    event.preventDefault();
    const code = find(".typed").value.trim();
    if (code && !unheard) say({ kind: "withdraw", token: store.kept.token, code });
  };

  return part;
}

function reveal(root, name) {
  const before = SECTIONS.find((each) => !root.querySelector(`section.${each}`).hidden);
  for (const each of SECTIONS) root.querySelector(`section.${each}`).hidden = each !== name;
  root.querySelector(".screen").hidden = false;
  // who reads with the ears or moves with the keys is taken along
  if (before && before !== name) root.querySelector(`section.${name} [tabindex="-1"]`)?.focus();
}

// Keys, the window's size, and whether the page can be seen.
function watch(root, view, asked, back) {
  const key = (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.composedPath()[0].tagName);
    if (asked() && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) view.key(event);
  };
  const seen = () => (document.hidden ? view.away() : back());
  const listeners = [[window, "keydown", key], [window, "resize", view.fit],
    [document, "visibilitychange", seen]];
  listeners.forEach(([where, what, act]) => where.addEventListener(what, act));
  return listeners;
}

// Streamlit's words about a lost connection are for those who started the app, and lock the page
// until they are closed. This page says it itself, and answers can still be given.
function dismiss() {
  document.querySelector("[data-testid=stDialog] button[aria-label=Close]")?.click();
}

function end(root, view, listeners) {
  view.finish();
  listeners.forEach(([where, what, act]) => where.removeEventListener(what, act));
  parts.delete(root);
}

async function copy(output, button) {
  try {
    await navigator.clipboard.writeText(output.textContent);
  } catch {
    // no clipboard without HTTPS: the old way
    getSelection().selectAllChildren(output);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
}
