import type { Client } from '@llamactl/client';
import { rankingOf, vectorsOf, type Ranked } from './vector-answers.ts';

/** Some texts and their vectors, in the same order. */
export interface EmbeddedTexts {
  texts: readonly string[];
  vectors: readonly (readonly number[])[];
}

/** A query, and the documents to rank for it. */
export interface RerankInput {
  query: string;
  documents: readonly string[];
}

/** Some documents and their ranking, best first. */
export interface RankedDocuments {
  documents: readonly string[];
  ranking: readonly Ranked[];
}

/** Asks an instance for vectors. Rejects like `Client.request`, or with `UnreadableAnswer`. */
export async function embeddedTexts(
  client: Pick<Client, 'request'>,
  instance: string,
  texts: readonly string[],
): Promise<EmbeddedTexts> {
  const body = { model: instance, input: texts };
  const answer = await client.request('POST', '/v1/embeddings', { body, retries: 0 });
  return { texts, vectors: vectorsOf(answer.body) };
}

/** Asks an instance for a ranking. Rejects like {@link embeddedTexts}. */
export async function rankedDocuments(
  client: Pick<Client, 'request'>,
  instance: string,
  { query, documents }: RerankInput,
): Promise<RankedDocuments> {
  const body = { model: instance, query, documents };
  const answer = await client.request('POST', '/v1/rerank', { body, retries: 0 });
  return { documents, ranking: rankingOf(answer.body) };
}
