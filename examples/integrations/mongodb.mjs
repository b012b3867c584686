// @ts-check
// MongoDB: a wait for the next change ends with its operation, and its cursor is closed on the server.
import { Cancellable } from "@hother/cancelable";
import { cancellableMongo } from "@hother/cancelable-integrations/mongodb";
import { MongoClient } from "mongodb";

const client = cancellableMongo(new MongoClient(process.env.MONGODB_URL ?? "mongodb://127.0.0.1/shop"));
const orders = client.db().collection(`orders-${process.pid}`);
await orders.insertMany([{ item: "book" }, { item: "pen" }]);

// A change stream waits for the next change.
const watching = new Cancellable({ name: "watch the orders", timeout: 100 });
const outcome = await watching.settle(async () => {
  for await (const change of orders.watch()) console.log("changed:", change.operationType);
});
console.log(watching.label, outcome.status, watching.context.cancelReason);

// Reading a cursor is a checkpoint for each batch.
const reading = new Cancellable({ name: "read the orders" });
await reading.run(async () => {
  for await (const order of orders.find()) console.log("order:", order.item);
});
console.log(reading.label, reading.status);
await client.close();

// prints:
// operation "watch the orders" cancelled timeout
// order: book
// order: pen
// operation "read the orders" completed
