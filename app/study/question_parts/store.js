// What this browser keeps of a participation: nothing before consent. Where storage is blocked it
// is kept as long as the page is open.
const EMPTY = { token: "", started: false, pending: null, seen: null };

function openStore(study) {
  const name = `penumbra.study.${study}`;
  const store = { blocked: false, kept: read(name) };
  // another tab may have gone on meanwhile
  store.refresh = () => {
    if (!store.blocked) store.kept = read(name);
  };
  store.write = (change) => {
    store.kept = { ...store.kept, ...change };
    try {
      localStorage.setItem(name, JSON.stringify(store.kept));
    } catch {
      store.blocked = true;
    }
  };
  store.forget = () => {
    store.kept = { ...EMPTY };
    try {
      localStorage.removeItem(name);
    } catch {
      store.blocked = true;
    }
  };
  return store;
}

// What is not of our making counts as nothing.
function read(name) {
  try {
    const found = JSON.parse(localStorage.getItem(name));
    if (found && /^[0-9a-f]{32}$/.test(found.token)) return { ...EMPTY, ...found };
  } catch {
    // blocked, or not JSON: begun anew
  }
  return { ...EMPTY };
}

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
