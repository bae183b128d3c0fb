export {
  type Attribute,
  type FloatPort,
  type FloatTensor,
  type OnnxModel,
  type OnnxNode,
  writeOnnx,
} from './onnx-writer.js';
