import type { IncomingMessage } from 'node:http';
import { HttpFault } from './http-fault.js';

/** The whole body. Rejects with 413 over the limit, 408 when it takes too long, 400 when the caller breaks off. */
export function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  const tooLarge = () =>
    new HttpFault(413, 'PAYLOAD_TOO_LARGE', `The body is over the limit of ${maxBytes} bytes.`, { closes: true });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let parts: Buffer[] | undefined;
    let length = 0;
    const fail = (fault: HttpFault) => {
      clearTimeout(timer);
      request.off('data', onData);
      request.pause();
      reject(fault);
    };
    const late = () =>
      fail(new HttpFault(408, 'BAD_USER_INPUT', `The body did not arrive within ${timeoutMs} ms.`, { closes: true }));
    // A short body comes with its headers and needs no timer.
    const timer = request.complete ? undefined : setTimeout(late, timeoutMs);
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) return fail(tooLarge());
      if (first === undefined) first = chunk;
      else if (parts === undefined) parts = [first, chunk];
      else parts.push(chunk);
    };
    request.on('data', onData);
    request.on('end', () => {
      clearTimeout(timer);
      resolve(parts === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(parts, length));
    });
    request.on('close', () => {
      if (!request.complete)
        fail(new HttpFault(400, 'BAD_USER_INPUT', 'The caller broke off the body.', { closes: true }));
    });
    request.on('error', () =>
      fail(new HttpFault(400, 'BAD_USER_INPUT', 'The body could not be read.', { closes: true })),
    );
  });
}
