// Serves the model beside it with zen-engine: the body in, the numbers of the rules that report out.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ZenEngine } from "@gorules/zen-engine";

const decision = new ZenEngine().createDecision(readFileSync(join(dirname(fileURLToPath(import.meta.url)), "model.json")));

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    try {
      const { result } = await decision.evaluate(JSON.parse(Buffer.concat(parts).toString("utf8")));
      const reports = [];
      for (const [key, holds] of Object.entries(result)) {
        if (holds === true) reports.push(Number(key.slice(1)));
      }
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ reports }));
    } catch (error) {
      response.writeHead(500);
      response.end(String(error));
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
