// One request to the server.

/** What sends requests. */
interface Sender<T> {
  sendRequest<R>(method: string, ...params: unknown[]): Promise<R>;
  sendRequest<R>(method: string, params: unknown, token: T): Promise<R>;
}

/** Sends a request. A token that is not there is not handed over: it would be taken for a second parameter. */
export function send<R, T>(to: Sender<T>, method: string, params: unknown, token?: T): Promise<R> {
  return token === undefined ? to.sendRequest<R>(method, params) : to.sendRequest<R>(method, params, token);
}
