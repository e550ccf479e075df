"""Encoders over ONNX Runtime."""
