import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Keep-alive connections that each send the next request when the last answer is complete; the number of answers. */
export async function load(
  port: number,
  forMs: number,
  requests: readonly string[],
  connections: number,
  from = 0,
): Promise<number> {
  const end = performance.now() + forMs;
  let next = from;
  let answers = 0;
  const drive = async (socket: Socket) => {
    await once(socket, 'connect');
    await new Promise<void>((resolve, reject) => {
      let received = '';
      const send = () => socket.write(requests[next++ % requests.length] as string);
      socket.setEncoding('latin1').on('error', reject);
      socket.on('data', (chunk: string) => {
        received += chunk;
        const head = received.indexOf('\r\n\r\n');
        const length = /content-length: (\d+)/i.exec(received);
        if (head < 0 || length === null || received.length < head + 4 + Number(length[1])) return;
        if (!received.startsWith('HTTP/1.1 200')) return reject(new Error(received));
        received = '';
        answers++;
        if (performance.now() < end) send();
        else socket.end(resolve);
      });
      send();
    });
  };
  await Promise.all(Array.from({ length: connections }, () => drive(connect(port, '127.0.0.1').setNoDelay())));
  return answers;
}
