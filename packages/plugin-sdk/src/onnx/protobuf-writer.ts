/**
 * The protobuf wire format, as far as an ONNX file needs it: varints, 32-bit floats, length-delimited fields.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
const VARINT = 0;
const DELIMITED = 2;

/** One message; methods append a field and return the message. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  integer(field: number, value: number): this {
    return this.#append(varint(field * 8 + VARINT), varint(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#append(varint(field * 8 + DELIMITED), varint(value.length), value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  packedIntegers(field: number, values: Iterable<number>): this {
    return this.bytes(field, Buffer.concat(Array.from(values, varint)));
  }

  packedFloats(field: number, values: ArrayLike<number>): this {
    return this.bytes(field, floatBytes(values));
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #append(...parts: Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }
}

/** Base 128, low groups first; non-negative safe integers only, since nothing in our models is negative. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function floatBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] as number, true);
  return bytes;
}
