// A bounded reader of the protobuf wire format (https://protobuf.dev/programming-guides/encoding/). It trusts no length
// that the bytes claim and copies nothing.

export interface ProtobufField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Value of a varint, else 0. Exact below 2^53; larger ones (negative numbers too) are approximate. */
  readonly value: number;
  /** Content of a length-delimited field, else the raw bytes. */
  readonly bytes: Uint8Array;
}

/** What is wrong with the bytes and where. */
export class ProtobufError extends Error {}

/** The fields of one message in order. Throws ProtobufError. */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const [tag, afterTag] = varint(bytes, at);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number < 1 || number > 536_870_911) throw new ProtobufError(`byte ${start} holds field number ${number}`);
    at = afterTag;
    if (wire === 0) {
      const [value, next] = varint(bytes, at);
      yield { number, wire, value, bytes: bytes.subarray(at, next) };
      at = next;
    } else if (wire === 2) {
      const [length, next] = varint(bytes, at);
      if (length > bytes.length - next)
        throw new ProtobufError(
          `field ${number} at byte ${start} claims ${length} bytes where ${bytes.length - next} are left`,
        );
      yield { number, wire, value: 0, bytes: bytes.subarray(next, next + length) };
      at = next + length;
    } else if (wire === 1 || wire === 5) {
      const next = at + (wire === 1 ? 8 : 4);
      if (next > bytes.length) throw new ProtobufError(`field ${number} at byte ${start} is cut off`);
      yield { number, wire, value: 0, bytes: bytes.subarray(at, next) };
      at = next;
    } else {
      throw new ProtobufError(`byte ${start} holds wire type ${wire}`);
    }
  }
}

/** The values of a packed field of varints; of a single one too. */
export function* packedVarints(field: ProtobufField): Generator<number> {
  for (let at = 0; at < field.bytes.length; ) {
    const [value, next] = varint(field.bytes, at);
    yield value;
    at = next;
  }
}

function varint(bytes: Uint8Array, start: number): readonly [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
    scale *= 128;
  }
  throw new ProtobufError(`the number at byte ${start} is cut off or too long`);
}
