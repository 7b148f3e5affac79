import { connect } from "node:net";

/** Sends bytes as they are and resolves with everything that came back until the server closed. */
export function rawHttp(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.setTimeout(5000, () => socket.destroy(new Error("The server kept the connection open.")));
  });
}
