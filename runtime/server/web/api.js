// What the API is asked, with the key of this tab.

const KEY = "price-key";

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY)),
};

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `the server answered with ${status}`);
    this.status = status;
    this.code = body?.code;
    this.title = body?.title ?? "this did not work";
  }
}

const headers = (more = {}) => (key.get() ? { authorization: `Bearer ${key.get()}`, ...more } : more);

async function answer(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  if (response.status === 401) window.dispatchEvent(new Event("price-key-wanted"));
  throw new Problem(response.status, body);
}

const send = async (path, options = {}) =>
  answer(
    await fetch(path, { ...options, headers: headers(options.headers) }).catch(() => {
      throw new Problem(0, { title: "the server cannot be reached", detail: "it may be starting; this page asks again" });
    }),
  );

export const get = async (path) => (await send(path)).json();
export const text = async (path) => (await send(path)).text();
export const blob = async (path) => (await send(path)).blob();
export const post = async (path, body) =>
  (await send(path, { method: "POST", body: body ?? "", headers: { "content-type": "application/json" } })).json();

export const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

// Postings as they are accepted. Calls back with each, and with whether it is connected.
export function follow(account, told, connected) {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      try {
        const response = await send(`/v1/postings${query({ account })}`, { signal: stop.signal });
        connected(true);
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let waiting = "";
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          waiting += value;
          const events = waiting.split("\n\n");
          waiting = events.pop();
          for (const event of events) {
            const data = event.split("\n").find((line) => line.startsWith("data:"));
            if (event.includes("event: posting") || event.includes("event:posting")) told(JSON.parse(data.slice(5)));
          }
        }
      } catch (problem) {
        if (problem.status === 401 || problem.status === 403) return connected(false);
      }
      connected(false);
      await new Promise((done) => setTimeout(done, 1500));
    }
  };
  run();
  return () => stop.abort();
}
