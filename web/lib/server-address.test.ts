import { Client } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { serverAddress } from './server-address.ts';

describe('the address of the server', () => {
  it.each([
    ['http://127.0.0.1:8080/#/instances', 'http://127.0.0.1:8080'],
    ['https://ai.example.com/llm/#/instances/chat?tab=logs', 'https://ai.example.com/llm'],
    ['https://ai.example.com/a/b/index.html', 'https://ai.example.com/a/b'],
    ['https://ai.example.com/api/#/', 'https://ai.example.com/api'],
    ['https://ai.example.com/team/v1/', 'https://ai.example.com/team/v1'],
  ])('of %s is %s, also for the client', (page, address) => {
    expect(new Client(serverAddress(page)).url).toBe(address);
  });
});
