// @ts-check
// Prisma: a limit stops the statement on the server, and rolls back an interactive transaction.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellablePrisma } from "@hother/cancelable-integrations/prisma";
import { PrismaPg } from "@prisma/adapter-pg";

// The client that `npx prisma generate` has made, with a model `Account { id Int @id  total Int }`.
const { PrismaClient } = await import(process.env.PRISMA_CLIENT ?? "./generated/client/index.js");

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
const prisma = cancellablePrisma(new PrismaClient({ adapter }));
await prisma.$executeRaw`drop table if exists "Account"`;
await prisma.$executeRaw`create table "Account" (id int primary key, total int not null)`;
await prisma.account.create({ data: { id: 1, total: 10 } });

const report = new Cancellable({ name: "report", timeout: 50 });
const outcome = await report.settle(() => prisma.$queryRaw`select pg_sleep(60)::text`);
console.log(report.label, outcome.status, report.context.cancelReason);

const result = await moveOnAfter(300, () =>
  prisma.$transaction(async (/** @type {typeof prisma} */ tx) => {
    await tx.account.update({ where: { id: 1 }, data: { total: 0 } });
    await tx.$queryRaw`select pg_sleep(60)::text`;
    return "complete";
  }),
);
console.log("transaction:", result);
console.log("total:", (await prisma.account.findMany())[0].total);
await prisma.$disconnect();

// prints:
// operation "report" cancelled timeout
// transaction: undefined
// total: 10
