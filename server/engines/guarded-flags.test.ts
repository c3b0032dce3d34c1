import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { words } from './fixtures/words.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { disguisesOf } from './fixtures/spellings.ts';
import { parseHelp } from './flags.ts';
import { guardOfCustomFlag, guardOfEntry, guardOfFlag, guardOfKeyFlag } from './guarded-flags.ts';

const ADDRESS = new Set(['${HOST}', '${PORT}']);

const catalogue = helpCatalogue();

describe('guardOfFlag', () => {
  it.each(
    words(`
      host port reuse_port api_key api_key_file ssl_key_file ssl_cert_file log_file alias model m a api_prefix
    `),
  )('%s is reserved', (name) => {
    expect(guardOfFlag(name, catalogue)?.guard).toBe('reserved');
    expect(guardOfFlag(name, null)?.guard).toBe('reserved');
  });

  it.each(
    words(`
      mcp_servers_config mcp_servers_json tools tools_runtime agent ag ui_mcp_proxy webui_mcp_proxy
      trust_remote_code video_ffmpeg_dir path media_path grammar_file json_schema_file jf chat_template_file
      slot_save_path log_prompts_dir models_dir models_preset lookup_cache_static lookup_cache_dynamic lcd
      ui_config_file prompt_cache rpc model_url mu mmproj_url hf_repo hf hfr hf_file hf_repo_draft spec_draft_hf
      hfd docker_repo dr
    `),
  )('%s is privileged', (name) => {
    expect(guardOfFlag(name, catalogue)?.guard).toBe('privileged');
    expect(guardOfFlag(name, null)?.guard).toBe('privileged');
  });

  it.each(
    words(`
      threads ctx_size context_size gpu_layers flash_attn temp slots metrics props jinja offline c C cors_origins
      chat_template grammar json_schema override_kv override_tensor device spec_default mmproj_auto no_mmproj
      log_verbosity lora lora_scaled control_vector mmproj mm model_draft spec_draft_model md no_host
    `),
  )('%s is free', (name) => {
    expect(guardOfFlag(name, catalogue)).toBeNull();
    expect(guardOfFlag(name, null)).toBeNull();
  });

  it('reserves presets, which choose model and port', () => {
    for (const name of ['gpt_oss_20b_default', 'fim_qwen_7b_spec', 'embd_gemma_default', 'vision_gemma_4b_default']) {
      expect(guardOfFlag(name, null)?.guard).toBe('reserved');
    }
  });

  it('guards future flags by ending, placeholder and description', () => {
    const tomorrow = parseHelp(
      [
        '--frob-file FNAME                       frob it',
        '--frob FNAME                            frob it',
        '--store-dir X                           somewhere',
        '--peek URL                              look there',
        '--magic                                 wow - do not enable in untrusted environments',
        '--llama-9-default                       use Llama 9 (note: can download weights from the',
        '                                        internet)',
        '--harmless N                            nothing',
      ].join('\n'),
    );
    expect(tomorrow.entries.map((entry) => guardOfEntry(entry)?.guard ?? 'free')).toEqual([
      'privileged',
      'privileged',
      'privileged',
      'privileged',
      'privileged',
      'reserved',
      'free',
    ]);
  });

  it('guards every spelling of a guarded flag', () => {
    for (const entry of catalogue.entries) {
      const guard = guardOfEntry(entry);
      if (guard === null) continue;
      fc.assert(
        fc.property(disguisesOf(entry), (spelling) => {
          expect(guardOfFlag(spelling, catalogue)).toEqual(guard);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('names the option that takes the text of a template, instead of its file', () => {
    expect(guardOfFlag('chat_template', catalogue)).toBeNull();
    for (const known of [catalogue, null])
      expect(guardOfFlag('chat_template_file', known)?.remedy).toContain(
        'give the text of the template in `chat_template`',
      );
  });

  it('gives the same guards without a catalogue', () => {
    for (const entry of catalogue.entries) {
      for (const spelling of [...entry.spellings, ...entry.negations]) {
        expect([spelling, guardOfFlag(spelling, null)]).toEqual([spelling, guardOfEntry(entry)]);
      }
    }
  });
});

describe('guardOfCustomFlag', () => {
  it('reserves the listening address, abbreviated too', () => {
    for (const flag of [
      '--host',
      '--hos',
      '--port',
      '--po=1',
      '--HOST=0.0.0.0',
      '--bind',
      '--listen-address',
      '--uds',
      '--addr',
      '--http-port',
      '--server-port',
      '--ssl-keyfile',
    ]) {
      expect([flag, guardOfCustomFlag(flag, '0.0.0.0', ADDRESS)?.guard]).toEqual([flag, 'reserved']);
    }
  });

  it('allows the placeholders', () => {
    expect(guardOfCustomFlag('--port', '${PORT}', ADDRESS)).toBeNull();
    expect(guardOfCustomFlag('--host=${HOST}', 'x', ADDRESS)).toBeNull();
    expect(guardOfCustomFlag('--trust-remote-code', '${PORT}', ADDRESS)?.guard).toBe('privileged');
    expect(guardOfCustomFlag('--host=0.0.0.0', '${HOST}', ADDRESS)?.guard).toBe('reserved');
  });

  it("allows the engine's own key, alias, log and model", () => {
    for (const flag of ['--api-key', '--alias', '--model', '-m', '--served-model-name', '--max-model-len']) {
      expect([flag, guardOfCustomFlag(flag, 'x', ADDRESS)]).toEqual([flag, null]);
    }
  });

  it('reserves the key where llamactl provides one', () => {
    for (const flag of ['--api-key', '--api_key=x', '--API-KEY', '--api-k', '--api-key-file'])
      expect([flag, guardOfKeyFlag(flag)?.guard]).toEqual([flag, 'reserved']);
    for (const flag of ['--ap', '--apiserver', '--key', '-a'])
      expect([flag, guardOfKeyFlag(flag)]).toEqual([flag, null]);
  });

  it('guards options that run code or read files', () => {
    for (const flag of [
      '--trust-remote-code',
      '--trust-remote-c',
      '--trust_remote_code',
      '--chat-template-file',
      '--plugin-dir',
      '--tool-parser-plugin',
      '--middleware',
      '--worker-cls',
      '--logits-processors',
      '--config',
    ]) {
      expect([flag, guardOfCustomFlag(flag, 'x', ADDRESS)?.guard]).toEqual([flag, 'privileged']);
    }
  });
});
