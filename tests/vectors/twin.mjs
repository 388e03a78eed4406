// The npm twins of what the vault uses. Reads one JSON request from standard input, writes one answer.
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { combine, split } from "shamir-secret-sharing";

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

const does = {
  async seal({ publicKey, info, plaintext }) {
    const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(publicKey));
    const sender = await suite.createSenderContext({ recipientPublicKey, info: bytes(info) });
    const ciphertext = await sender.seal(bytes(plaintext));
    return hex(new Uint8Array(sender.enc)) + hex(new Uint8Array(ciphertext));
  },
  async open({ privateKey, info, sealed }) {
    const recipientKey = await suite.kem.deserializePrivateKey(bytes(privateKey));
    const data = bytes(sealed);
    const recipient = await suite.createRecipientContext({ recipientKey, enc: data.slice(0, 1120), info: bytes(info) });
    return hex(new Uint8Array(await recipient.open(data.slice(1120))));
  },
  async split({ secret, shares, threshold }) {
    return (await split(bytes(secret), shares, threshold)).map(hex);
  },
  async combine({ shares }) {
    return hex(await combine(shares.map(bytes)));
  },
};

let text = "";
for await (const part of process.stdin) text += part;
const request = JSON.parse(text);
process.stdout.write(JSON.stringify(await does[request.does](request)));
