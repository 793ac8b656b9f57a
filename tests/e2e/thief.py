"""What a recipient can do with another program than tacit: open a sealed model with the device's key, and change the
copy that it got. By the openssl command, and without checking tags, which a thief need not."""

import hashlib
import hmac
import struct
import subprocess
import tempfile

import numpy
import onnx
from onnx import numpy_helper


def extract(salt, key):
    return hmac.digest(salt or bytes(32), key, "sha256")


def expand(key, info, size=32):
    out, block = b"", b""
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:size]


def labeled(suite, label):
    return b"HPKE-v1" + suite + label


def labeled_extract(suite, salt, label, key):
    return extract(salt, labeled(suite, label) + key)


def labeled_expand(suite, key, label, info, size):
    return expand(key, struct.pack(">H", size) + labeled(suite, label) + info, size)


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


def gcm_text(key, nonce, sealed):
    """AES-256-GCM is counter mode; the first block of text has the counter 2."""
    return openssl("enc", "-d", "-aes-256-ctr", "-K", key.hex(), "-iv", (nonce + b"\0\0\0\2").hex(), data=sealed[:-16])


def shared_secret(device, enc):
    """DHKEM(X25519, HKDF-SHA256) of RFC 9180."""
    with tempfile.NamedTemporaryFile() as peer:
        peer.write(bytes.fromhex("302a300506032b656e032100") + enc)
        peer.flush()
        words = ("pkeyutl", "-derive", "-inkey", device / "device.key", "-peerkey", peer.name, "-peerform", "DER")
        dh = openssl(*map(str, words))
    own = openssl("pkey", "-in", str(device / "device.key"), "-pubout", "-outform", "DER")[-32:]
    suite = b"KEM" + struct.pack(">H", 0x20)
    prk = labeled_extract(suite, b"", b"eae_prk", dh)
    return labeled_expand(suite, prk, b"shared_secret", enc + own, 32), own


def unwrap(device, enc, sealed, info):
    shared, _ = shared_secret(device, enc)
    suite = b"HPKE" + struct.pack(">HHH", 0x20, 1, 2)
    hashes = [labeled_extract(suite, b"", label, x) for label, x in ((b"psk_id_hash", b""), (b"info_hash", info))]
    schedule = b"\0" + b"".join(hashes)
    secret = labeled_extract(suite, shared, b"secret", b"")
    key = labeled_expand(suite, secret, b"key", schedule, 32)
    return gcm_text(key, labeled_expand(suite, secret, b"base_nonce", schedule, 12), sealed)


def stolen(file, device):
    """The model's text, by the pages docs/sealed-format.md and a key folder of one recipient."""
    data = file.read_bytes()
    head = 20 + struct.unpack("<I", data[16:20])[0]
    records, wraps, at = {}, [], 20
    while at < head:
        kind, size = struct.unpack("<HI", data[at : at + 6])
        body = data[at + 6 : at + 6 + size]
        if kind == 11:
            wraps.append(body)
        records[kind] = body
        at += 6 + size
    file_id, vendor = records[1], records[3]
    _, own = shared_secret(device, wraps[0][34:66])
    me = hashlib.sha256(b"tacit device 1: id\nx25519" + own).digest()
    (mine,) = [w for w in wraps if w[2:34] == me]
    info = b"tacit sealed model 1: content key\n" + file_id + vendor + me
    content_key = unwrap(device, mine[34:66], mine[66:], info)
    key = expand(extract(file_id, content_key), b"tacit sealed model 1: chunks")
    _, chunk, size = struct.unpack("<BIQ", records[8])
    count = -(-size // chunk)
    at, out = head + 64 + 32 * count, b""
    for i in range(count):
        whole = min(chunk, size - i * chunk) + 16
        out += gcm_text(key, struct.pack("<QB3x", i, i + 1 == count), data[at : at + whole])
        at += whole
    return out


# ---- what is done to the copy


def weights(model):
    """The tensors of a model's text, by their names."""
    graph = onnx.load_from_string(model).graph
    return {t.name: numpy_helper.to_array(t).astype(numpy.float64) for t in graph.initializer}


def with_weights(model, changed, kind=numpy.float32):
    out = onnx.load_from_string(model)
    for tensor in out.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(changed[tensor.name].astype(kind).astype(numpy.float32), tensor.name))
    return out.SerializeToString()


def matrices(w):
    return [name for name in w if name.endswith("weight")]


def pruned(w):
    out = dict(w)
    for name in matrices(w):
        out[name] = numpy.where(abs(w[name]) < numpy.median(abs(w[name])), 0, w[name])
    return out


def to_int8(w):
    out = dict(w)
    for name in matrices(w):
        scale = abs(w[name]).max() / 127
        out[name] = numpy.round(w[name] / scale) * scale
    return out


def in_eight_bits(model):
    """A file whose matrices are of int8, with one scale a row, made floats when it runs: as quantisers write them."""
    out = onnx.load_from_string(model)
    w, nodes = weights(model), []
    kept = [t for t in out.graph.initializer if t.name not in matrices(w)]
    for name in matrices(w):
        axes = tuple(range(1, w[name].ndim))
        scale = abs(w[name]).max(axes, keepdims=True) / 127
        whole = numpy.round(w[name] / scale).astype(numpy.int8)
        for suffix, x in (("_q", whole), ("_s", scale.reshape(-1).astype(numpy.float32))):
            kept.append(numpy_helper.from_array(x, name + suffix))
        nodes.append(onnx.helper.make_node("DequantizeLinear", [name + "_q", name + "_s"], [name], axis=0))
    nodes += out.graph.node
    del out.graph.node[:], out.graph.initializer[:]
    out.graph.node.extend(nodes)
    out.graph.initializer.extend(kept)
    return out.SerializeToString()


def averaged(*all):
    return {name: sum(w[name] for w in all) / len(all) for name in all[0]}


class Digits:
    """The network of examples/data/digits.onnx in numpy: its answers, its accuracy, and training on."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def features(self, w, images):
        padded = numpy.pad(images[:, 0], ((0, 0), (1, 1), (1, 1)))
        out = numpy.zeros((len(images), 16, 8, 8))
        for i in range(3):
            for j in range(3):
                patch = padded[:, None, i : i + 8, j : j + 8]
                out += w["conv2d1.weight"][None, :, 0, i, j, None, None] * patch
        out = numpy.maximum(out + w["conv2d1.bias"][None, :, None, None], 0)
        return out.reshape(len(images), 16, 4, 2, 4, 2).max((3, 5)).reshape(len(images), -1)

    def scores(self, w, features):
        hidden = numpy.maximum(features @ w["dense1.weight"].T + w["dense1.bias"], 0)
        return hidden, hidden @ w["dense2.weight"].T + w["dense2.bias"]

    def accuracy(self, w):
        return (self.scores(w, self.features(w, self.images))[1].argmax(1) == self.labels).mean()

    def trained_on(self, w, rows, epochs, rate=0.1, batch=16, seed=1):
        """On some of the rows: the linear layers, which have nearly all weights."""
        source = numpy.random.default_rng(seed)
        out = {name: x.copy() for name, x in w.items()}
        features = self.features(w, self.images)
        for _ in range(epochs):
            order = source.permutation(rows)
            for part in numpy.array_split(order, max(1, len(rows) // batch)):
                x = features[part]
                hidden, scores = self.scores(out, x)
                error = numpy.exp(scores - scores.max(1, keepdims=True))
                error /= error.sum(1, keepdims=True)
                error[numpy.arange(len(part)), self.labels[part]] -= 1
                error *= rate / len(part)
                back = (error @ out["dense2.weight"]) * (hidden > 0)
                out["dense2.weight"] -= error.T @ hidden
                out["dense2.bias"] -= error.sum(0)
                out["dense1.weight"] -= back.T @ x
                out["dense1.bias"] -= back.sum(0)
        return out

    @staticmethod
    def shuffled(w, seed=1):
        """Neurons of both hidden layers in another order, and scaled."""
        source = numpy.random.default_rng(seed)
        channels, units = source.permutation(16), source.permutation(64)
        a, b = 2 ** source.uniform(-2, 2, 16), 2 ** source.uniform(-2, 2, 64)
        out = dict(w)
        out["conv2d1.weight"] = w["conv2d1.weight"][channels] * a[:, None, None, None]
        out["conv2d1.bias"] = w["conv2d1.bias"][channels] * a
        dense = w["dense1.weight"].reshape(64, 16, 16)[units][:, channels]
        out["dense1.weight"] = (dense * b[:, None, None] / a[None, :, None]).reshape(64, 256)
        out["dense1.bias"] = w["dense1.bias"][units] * b
        out["dense2.weight"] = w["dense2.weight"][:, units] / b
        return out
