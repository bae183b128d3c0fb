import type { ExecutionResult } from 'graphql';
import { asResult } from './remote-result.js';

/** Results of a `text/event-stream` in the distinct-connections form of the GraphQL over SSE protocol. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ExecutionResult> {
  const decoder = new TextDecoder();
  let buffer = '';
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n');
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const event = parseEvent(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      if (event.name === 'complete') return;
      if (event.name !== 'next' || event.data === '') continue;
      const result = asResult(JSON.parse(event.data));
      if (result) yield result;
    }
  }
}

function parseEvent(text: string): { name: string; data: string } {
  let name = 'message';
  const data: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return { name, data: data.join('\n') };
}
