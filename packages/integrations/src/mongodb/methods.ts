// The methods of the driver's classes that send commands, with the place of their options among the arguments.

/** The classes of the driver that {@link wrap} knows. */
export type Kind = "client" | "db" | "collection" | "admin";

/** A table of methods. Without a prototype, because it is asked for the names of all properties. */
const table = (places: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.assign(Object.create(null), places);

/** Methods that return a promise. */
export const commands: Readonly<Record<Kind, Readonly<Record<string, number>>>> = {
  client: table({ bulkWrite: 1 }),
  db: table({
    collections: 0,
    createCollection: 1,
    createIndex: 2,
    dropCollection: 1,
    dropDatabase: 0,
    indexInformation: 1,
    profilingLevel: 0,
    removeUser: 1,
    renameCollection: 2,
    setProfilingLevel: 1,
    stats: 0,
  }),
  collection: table({
    bulkWrite: 1,
    count: 1,
    countDocuments: 1,
    createIndex: 1,
    createIndexes: 1,
    deleteMany: 1,
    deleteOne: 1,
    distinct: 2,
    drop: 0,
    dropIndex: 1,
    dropIndexes: 0,
    estimatedDocumentCount: 0,
    findOne: 1,
    findOneAndDelete: 1,
    findOneAndReplace: 2,
    findOneAndUpdate: 2,
    indexes: 0,
    indexExists: 1,
    indexInformation: 0,
    insertMany: 1,
    insertOne: 1,
    isCapped: 0,
    options: 0,
    rename: 1,
    replaceOne: 2,
    updateMany: 2,
    updateOne: 2,
    // The driver gives these no options: a cancellation ends the wait only.
    createSearchIndex: 1,
    createSearchIndexes: 1,
    dropSearchIndex: 1,
    updateSearchIndex: 2,
  }),
  admin: table({ listDatabases: 0, removeUser: 1, validateCollection: 1 }),
};

/** Methods that return a cursor. */
export const cursors: typeof commands = {
  client: table({}),
  db: table({ aggregate: 1, listCollections: 1, runCursorCommand: 1 }),
  collection: table({ aggregate: 1, find: 1, listIndexes: 0, listSearchIndexes: 1 }),
  admin: table({}),
};

/**
 * The place of the options in this call: some methods have their options in an earlier or a later place.
 *
 * @param usual The place in the table.
 */
export function placeOf(method: string, usual: number, args: readonly unknown[]): number {
  const [first] = args;
  if (method === "createIndex" && usual === 1 && args[2] !== undefined) return 2;
  // `watch(options)` and `listSearchIndexes(options)`, without a pipeline or a name.
  if ((method === "watch" || method === "listSearchIndexes") && typeof first === "object" && first !== null)
    return Array.isArray(first) ? usual : 0;
  return usual;
}
