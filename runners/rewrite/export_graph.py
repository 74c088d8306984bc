#!/usr/bin/env python3
"""Writes graphs that plumb does not read itself as graph JSON (reference/graph/FORMAT.md). Needs torch.

    export_graph.py model.ts.pt -o model.json --input f32:3,32       a TorchScript module, run once for types and shapes
    export_graph.py model.pt2 -o model.json                          a program saved by torch.export

From Python, export_program(program, path) takes any torch.export.ExportedProgram: an ExecuTorch edge program
(edge_manager.exported_program()), one with tensor subclasses unwrapped (program.run_decompositions({})), ….
"""
import argparse
import json
from pathlib import Path

import torch


def type_of(value):
    if isinstance(value, torch.Tensor):
        return {"shape": [int(s) if isinstance(s, int) else -1 for s in value.shape], "dtype": str(value.dtype)[6:]}
    if isinstance(value, (list, tuple)):
        return [type_of(v) for v in value]
    return None


def literal(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value)[6:]}
    if isinstance(value, (list, tuple)):
        return {"list": [literal(v) for v in value]}
    return {"other": type(value).__name__}


class Writer:
    """Nodes, and the bytes of constants, shared by storage."""

    def __init__(self, name):
        self.name, self.nodes, self.bytes, self.places = name, [], bytearray(), {}

    def placeholder(self, name, kind, fqn, value):
        entry = {"name": name, "op": "placeholder", "target": name, "args": [], "kind": kind, "fqn": fqn, "value": type_of(value)}
        if kind != "USER_INPUT":
            entry["data"] = self.place(value)
        self.nodes.append(entry)

    def place(self, tensor):
        tensor = tensor.detach().cpu().contiguous()
        key = (tensor.data_ptr(), tuple(tensor.shape), tensor.dtype) if tensor.numel() else id(tensor)
        if key not in self.places:
            raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
            self.places[key] = (len(self.bytes), len(raw), tensor)  # the tensor stays, so that its address does
            self.bytes += raw
        offset, size, _ = self.places[key]
        return {"file": None, "offset": offset, "size": size}

    def write(self, path, inline=65536):
        for entry in self.nodes:
            data = entry.get("data")
            if data and len(self.bytes) <= inline:
                entry["data"] = {"hex": self.bytes[data["offset"] : data["offset"] + data["size"]].hex()}
            elif data:
                data["file"] = path.name + ".bin"
        first = {}
        for entry in self.nodes if len(self.bytes) <= inline else []:
            if "data" in entry and len(entry["data"]["hex"]) > 32:
                key = (entry["data"]["hex"], json.dumps(entry["value"]), entry["fqn"])
                if key in first:
                    entry["data"] = {"as": first[key]}
                first.setdefault(key, entry["name"])
        if len(self.bytes) > inline:
            Path(str(path) + ".bin").write_bytes(self.bytes)
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in self.nodes)
        path.write_text(f'{{"format":"plumbline-graph/1","name":{json.dumps(self.name)},"nodes":[\n{lines}\n]}}\n')


# ---------------------------------------------------------------- torch.export


def operator_name(node):
    name = getattr(node.target, "name", None)
    return str(name() if callable(name) else name or node.target.__name__)


def argument_of(arg):
    if isinstance(arg, torch.fx.Node):
        return {"node": arg.name}
    if isinstance(arg, (list, tuple)):
        return {"list": [argument_of(a) for a in arg]}
    return literal(arg)


def export_program(program, path):
    writer = Writer(path.stem)
    specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
    tensors = {**dict(program.constants), **dict(program.state_dict)}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            spec = specs[node.name]
            value = tensors[spec.target] if spec.target in tensors else node.meta["val"]
            writer.placeholder(node.name, spec.kind.name, spec.target, value)
            continue
        entry = {"name": node.name, "op": node.op, "target": operator_name(node) if node.op == "call_function" else "output",
                 "args": [argument_of(a) for a in node.args]}
        if node.kwargs:
            entry["kwargs"] = {key: argument_of(value) for key, value in node.kwargs.items()}
        if "val" in node.meta:
            entry["value"] = type_of(node.meta["val"])
        if entry["target"] != "aten::_assert_tensor_metadata":
            writer.nodes.append(entry)
    writer.write(path)


# ---------------------------------------------------------------- TorchScript


class ScriptExporter:
    """Runs an inlined TorchScript graph node by node on example inputs, and writes down what it ran."""

    def __init__(self, module, inputs, name):
        self.writer, self.module, self.inputs = Writer(name), module, list(inputs)
        self.values, self.texts, self.names = {}, {}, set()

    def name_for(self, value):
        wanted = "".join(c if c.isalnum() else "_" for c in value.debugName())
        wanted = "v" + wanted if wanted[:1].isdigit() else wanted
        name, number = wanted, 0
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        self.names.add(name)
        return name

    def set(self, value, content, text):
        self.values[value.debugName()], self.texts[value.debugName()] = content, text

    def get_attribute(self, node):
        owner = self.values[next(node.inputs()).debugName()]
        path, module = owner
        name = node.s("name")
        content, fqn = getattr(module, name), f"{path}.{name}" if path else name
        if not isinstance(content, torch.Tensor):
            return self.set(node.output(), (fqn, content), None)
        placeholder = self.name_for(node.output())
        kind = "PARAMETER" if isinstance(content, torch.nn.Parameter) else "BUFFER"
        self.writer.placeholder(placeholder, kind, fqn, content)
        self.set(node.output(), content, {"node": placeholder})

    def constant(self, node):
        content = node.output().toIValue()
        if isinstance(content, torch.Tensor):
            placeholder = self.name_for(node.output())
            self.writer.placeholder(placeholder, "CONSTANT_TENSOR", None, content)
            return self.set(node.output(), content, {"node": placeholder})
        self.set(node.output(), content, literal(content))

    def call(self, node):
        schema, outputs = torch._C.parse_schema(node.schema()), list(node.outputs())
        given = list(zip(node.inputs(), schema.arguments))
        arguments = [self.values[i.debugName()] for i, a in given if not a.kwarg_only]
        named = {a.name: self.values[i.debugName()] for i, a in given if a.kwarg_only}
        results = torch._C._jit_get_operation(node.kind())[0](*arguments, **named)
        texts = [self.dtype(i, a) for i, a in given if not a.kwarg_only]
        while texts and texts[-1] is None:
            texts.pop()
        name = self.name_for(outputs[0])
        target = node.kind() + ("." + schema.overload_name if schema.overload_name else "")
        entry = {"name": name, "op": "call_function", "target": target, "args": texts}
        if named:
            entry["kwargs"] = {a.name: self.dtype(i, a) for i, a in given if a.kwarg_only}
        self.writer.nodes.append({**entry, "value": type_of(results)})
        assert len(outputs) == 1, node.kind()
        self.set(outputs[0], results, {"node": name})

    def dtype(self, value, argument):
        """Element types are whole numbers in TorchScript."""
        text = self.texts[value.debugName()]
        if argument.name == "dtype" and isinstance(text, int) and not isinstance(text, bool):
            return {"dtype": SCALAR_TYPES[text]}
        return text

    def run(self, path):
        graph = self.module.inlined_graph
        inputs = list(graph.inputs())
        self.set(inputs[0], ("", self.module), None)
        for value, content in zip(inputs[1:], self.inputs):
            name = self.name_for(value)
            self.writer.placeholder(name, "USER_INPUT", None, content)
            self.set(value, content, {"node": name})
        for node in graph.nodes():
            if node.kind() == "prim::GetAttr":
                self.get_attribute(node)
            elif node.kind() == "prim::Constant":
                self.constant(node)
            elif node.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
                names = [i.debugName() for i in node.inputs()]
                self.set(node.output(), [self.values[n] for n in names], {"list": [self.texts[n] for n in names]})
            else:
                self.call(node)
        results = [self.texts[o.debugName()] for o in graph.outputs()]
        results = results[0]["list"] if len(results) == 1 and "list" in results[0] else results
        self.writer.nodes.append({"name": "output", "op": "output", "target": "output", "args": [{"list": results}]})
        self.writer.write(path)


SCALAR_TYPES = {0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32", 7: "float64", 11: "bool", 15: "bfloat16"}
NAMES = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "u8": torch.uint8, "i8": torch.int8, "i32": torch.int32, "i64": torch.int64}


def example(text):
    dtype, _, shape = text.partition(":")
    return torch.zeros([int(s) for s in shape.split(",") if s], dtype=NAMES[dtype])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--input", action="append", default=[], help="element type and shape of an input of a TorchScript module, e.g. f32:3,32")
    args = parser.parse_args()
    if args.model.suffix == ".pt2":
        return export_program(torch.export.load(args.model), args.output)
    with torch.no_grad():
        ScriptExporter(torch.jit.load(str(args.model)).eval(), [example(i) for i in args.input], args.model.name.split(".")[0]).run(args.output)


if __name__ == "__main__":
    main()
