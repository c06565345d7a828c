"""Where people are in one picture: `frozen` reads the published weights, `convert` makes them ONNX, `detector` asks them."""
