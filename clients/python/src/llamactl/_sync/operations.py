# Generated from _async/ by `npm run generate`.
"""The operations of the API, each a method. Generated from contract/ by `npm run generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from .. import models
from .._address import step
from .._options import Request
from .._unset import UNSET, Unset, changed, given
from .transport import Transport


class Operations:
    """The operations of the API. Parameters are those of the path, then fields of the body, then the query."""

    _transport: Transport

    def _ask(self, request: Request) -> Any:
        return (self._transport.json(request)).body

    def list_instances(
        self,
        *,
        status: models.Status | None = None,
    ) -> list[models.InstanceSummary]:
        """List all instances, oldest first.

        Args:
            status: Only instances with this status.
        """
        request = Request(
            "GET",
            "/api/instances",
            query={"status": status},
        )
        return models.InstanceList(self._ask(request)).instances

    def create_instance(
        self,
        name: str,
        *,
        engine: str | None = None,
        model_path: str | None = None,
        model: str | None = None,
        port: int | None = None,
        options: models.Options | None = None,
        extra_args: list[str] | None = None,
        environment: Mapping[str, str] | None = None,
        command: list[str] | None = None,
        health_path: str | None = None,
        aliases: list[str] | None = None,
        unlisted: bool | None = None,
        auto_start: bool | None = None,
        auto_restart: bool | None = None,
        max_restarts: int | None = None,
        on_demand: bool | None = None,
        idle_timeout: float | None = None,
        pinned: bool | None = None,
        group: str | None = None,
        concurrency: int | None = None,
        queue_limit: int | None = None,
        upstream_model: str | None = None,
        request_defaults: Mapping[str, models.JsonValue] | None = None,
        request_strip: list[str] | None = None,
        system_prompt: str | None = None,
        preset: str | None = None,
        isolated: bool | None = None,
        keep_context: Literal["off", "auto"] | None = None,
        dry_run: bool | None = None,
    ) -> models.InstanceCreated:
        """Create an instance; does not start it.

        Args:
            name: Unique without regard to case; only `rename` changes it.
            engine: `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
            model_path: The model file. It need not exist until the instance starts.
            model: A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two.
            port: Left out: llamactl chooses one from `instances.port_range`.
            extra_args: Passed to the engine unchanged, after `options`, which they override.
            environment: Environment variables of the engine. `"***"` in an update keeps the stored value.
            command: Replaces the engine's command. Privileged.
            health_path: Path that answers 200 when the engine is ready. Default `/health`.
            aliases: More names by which requests under `/v1` can select the instance.
            unlisted: Hide the instance from `GET /v1/models`.
            auto_start: After a reboot of the machine, start the instance if it was meant to run.
            auto_restart: Restart the engine if it dies after it was ready. Default: `instances.auto_restart`.
            max_restarts: Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`.
            on_demand: A request under `/v1` starts the instance if it is stopped. Default true.
            idle_timeout: Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.
            pinned: Never evict the instance or stop it because it is idle.
            group: Group whose limits apply; `groups` in the configuration defines them.
            concurrency: Most requests that the engine gets at once; others wait. Default: no limit.
            queue_limit: Most requests that may wait; llamactl refuses further ones. Default 1 000.
            upstream_model: Replaces the `model` of each request before the engine gets it.
            request_defaults: Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
            request_strip: Fields that llamactl removes from JSON bodies under `/v1`.
            system_prompt: System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`.
            preset: Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.
            isolated: Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false.
            keep_context: `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`.
            dry_run: Change nothing; `preview` says what would happen. The status is 200.
        """
        request = Request(
            "POST",
            "/api/instances",
            query={"dry_run": dry_run},
            body=given(name=name, engine=engine, model_path=model_path, model=model, port=port, options=options, extra_args=extra_args, environment=environment, command=command, health_path=health_path, aliases=aliases, unlisted=unlisted, auto_start=auto_start, auto_restart=auto_restart, max_restarts=max_restarts, on_demand=on_demand, idle_timeout=idle_timeout, pinned=pinned, group=group, concurrency=concurrency, queue_limit=queue_limit, upstream_model=upstream_model, request_defaults=request_defaults, request_strip=request_strip, system_prompt=system_prompt, preset=preset, isolated=isolated, keep_context=keep_context),
        )
        return models.InstanceCreated(self._ask(request))

    def get_instance(
        self,
        name: str,
    ) -> models.Instance:
        """Get an instance with all its fields; `ETag` is its version."""
        request = Request(
            "GET",
            f"/api/instances/{step(name)}",
        )
        return models.Instance(self._ask(request))

    def update_instance(
        self,
        name: str,
        *,
        engine: str | None | Unset = UNSET,
        model_path: str | None | Unset = UNSET,
        model: str | None | Unset = UNSET,
        port: int | None | Unset = UNSET,
        options: Mapping[str, str | float | bool | Sequence[str | float] | None] | None | Unset = UNSET,
        extra_args: list[str] | None | Unset = UNSET,
        environment: Mapping[str, str | None] | None | Unset = UNSET,
        command: list[str] | None | Unset = UNSET,
        health_path: str | None | Unset = UNSET,
        aliases: list[str] | None | Unset = UNSET,
        unlisted: bool | None | Unset = UNSET,
        auto_start: bool | None | Unset = UNSET,
        auto_restart: bool | None | Unset = UNSET,
        max_restarts: int | None | Unset = UNSET,
        on_demand: bool | None | Unset = UNSET,
        idle_timeout: float | None | Unset = UNSET,
        pinned: bool | None | Unset = UNSET,
        group: str | None | Unset = UNSET,
        concurrency: int | None | Unset = UNSET,
        queue_limit: int | None | Unset = UNSET,
        upstream_model: str | None | Unset = UNSET,
        request_defaults: Mapping[str, models.JsonValue] | None | Unset = UNSET,
        request_strip: list[str] | None | Unset = UNSET,
        system_prompt: str | None | Unset = UNSET,
        preset: str | None | Unset = UNSET,
        isolated: bool | None | Unset = UNSET,
        keep_context: Literal["off", "auto"] | None | Unset = UNSET,
        apply: Literal["restart"] | None = None,
        dry_run: bool | None = None,
        if_match: str | None = None,
    ) -> models.InstanceUpdated:
        """Change settings with a merge patch (RFC 7396); a running engine keeps its settings until it restarts.

        Args:
            engine: `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
            model_path: The model file. It need not exist until the instance starts.
            model: A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two.
            port: Left out: llamactl chooses one from `instances.port_range`.
            options: The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag. Merged key by key; `None` removes an option.
            extra_args: Passed to the engine unchanged, after `options`, which they override.
            environment: Environment variables of the engine. `"***"` in an update keeps the stored value. Merged name by name; `None` removes a variable.
            command: Replaces the engine's command. Privileged.
            health_path: Path that answers 200 when the engine is ready. Default `/health`.
            aliases: More names by which requests under `/v1` can select the instance.
            unlisted: Hide the instance from `GET /v1/models`.
            auto_start: After a reboot of the machine, start the instance if it was meant to run.
            auto_restart: Restart the engine if it dies after it was ready. Default: `instances.auto_restart`.
            max_restarts: Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`.
            on_demand: A request under `/v1` starts the instance if it is stopped. Default true.
            idle_timeout: Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.
            pinned: Never evict the instance or stop it because it is idle.
            group: Group whose limits apply; `groups` in the configuration defines them.
            concurrency: Most requests that the engine gets at once; others wait. Default: no limit.
            queue_limit: Most requests that may wait; llamactl refuses further ones. Default 1 000.
            upstream_model: Replaces the `model` of each request before the engine gets it.
            request_defaults: Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
            request_strip: Fields that llamactl removes from JSON bodies under `/v1`.
            system_prompt: System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`.
            preset: Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.
            isolated: Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false.
            keep_context: `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`.
            apply: Restart the instance now, unless it is stopped or stopping.
            dry_run: Change nothing; `preview` says what would happen. The status is 200.
            if_match: Change the instance only if its `ETag` is still this one; else 412 `PRECONDITION_FAILED`.
        """
        request = Request(
            "PUT",
            f"/api/instances/{step(name)}",
            query={"apply": apply, "dry_run": dry_run},
            body=changed(engine=engine, model_path=model_path, model=model, port=port, options=options, extra_args=extra_args, environment=environment, command=command, health_path=health_path, aliases=aliases, unlisted=unlisted, auto_start=auto_start, auto_restart=auto_restart, max_restarts=max_restarts, on_demand=on_demand, idle_timeout=idle_timeout, pinned=pinned, group=group, concurrency=concurrency, queue_limit=queue_limit, upstream_model=upstream_model, request_defaults=request_defaults, request_strip=request_strip, system_prompt=system_prompt, preset=preset, isolated=isolated, keep_context=keep_context),
            headers=given(**{"if-match": if_match}),
        )
        return models.InstanceUpdated(self._ask(request))

    def delete_instance(
        self,
        name: str,
    ) -> models.Message:
        """Delete an instance that does not run; waits for a stop in progress."""
        request = Request(
            "DELETE",
            f"/api/instances/{step(name)}",
            is_patient=True,
        )
        return models.Message(self._ask(request))

    def rename_instance(
        self,
        name: str,
        new_name: str,
    ) -> models.InstanceUpdated:
        """Give an instance another name, in any state; its logs, statistics and keys follow, and its engine keeps running.

        Args:
            new_name: The new name; unique without regard to case.
        """
        request = Request(
            "POST",
            f"/api/instances/{step(name)}/rename",
            body=given(name=new_name),
        )
        return models.InstanceUpdated(self._ask(request))

    def start_instance(
        self,
        name: str,
        *,
        wait: bool | None = None,
    ) -> models.Lifecycle:
        """Start an instance.

        Args:
            wait: Answer when the instance runs, or with 502 and the reason.
        """
        request = Request(
            "POST",
            f"/api/instances/{step(name)}/start",
            query={"wait": wait},
            is_patient=wait is True,
        )
        return models.Lifecycle(self._ask(request))

    def stop_instance(
        self,
        name: str,
        *,
        force: bool | None = None,
        timeout: float | None = None,
        wait: bool | None = None,
    ) -> models.Lifecycle:
        """Stop an instance; in-flight requests may finish first.

        Args:
            force: Send SIGKILL at once, even while a normal stop drains. Default false.
            timeout: How many seconds in-flight requests may take to finish. Default `instances.stop_timeout`.
            wait: Answer when the instance has stopped.
        """
        request = Request(
            "POST",
            f"/api/instances/{step(name)}/stop",
            query={"wait": wait},
            body=given(force=force, timeout=timeout) or None,
            is_patient=wait is True,
        )
        return models.Lifecycle(self._ask(request))

    def restart_instance(
        self,
        name: str,
        *,
        force: bool | None = None,
        timeout: float | None = None,
        wait: bool | None = None,
    ) -> models.Lifecycle:
        """Stop an instance, then start it; starts a stopped one.

        Args:
            force: Send SIGKILL at once, even while a normal stop drains. Default false.
            timeout: How many seconds in-flight requests may take to finish. Default `instances.stop_timeout`.
            wait: Answer when the instance runs again, or with 502 and the reason.
        """
        request = Request(
            "POST",
            f"/api/instances/{step(name)}/restart",
            query={"wait": wait},
            body=given(force=force, timeout=timeout) or None,
            is_patient=wait is True,
        )
        return models.Lifecycle(self._ask(request))

    def get_instance_health(
        self,
        name: str,
    ) -> models.Health:
        """Probe the engine now (at most 2 s); does not reset the idle timer."""
        request = Request(
            "GET",
            f"/api/instances/{step(name)}/health",
        )
        return models.Health(self._ask(request))

    def get_instance_why(
        self,
        name: str,
    ) -> models.Why:
        """Explain the state of an instance: the cause, the evidence, and what helps; probes the engine."""
        request = Request(
            "GET",
            f"/api/instances/{step(name)}/why",
        )
        return models.Why(self._ask(request))

    def estimate_instance(
        self,
        name: str,
        *,
        options: Mapping[str, str | float | bool | Sequence[str | float] | None] | None = None,
        devices: list[str] | None = None,
    ) -> models.Estimate:
        """The memory that an instance needs, also with other options, and whether it fits now.

        Args:
            options: Options of the engine. Of an instance they are merged into its own, key by key; `None` removes one.
            devices: Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used.
        """
        request = Request(
            "POST",
            f"/api/instances/{step(name)}/estimate",
            body=given(options=options, devices=devices) or None,
        )
        return models.Estimate(self._ask(request))

    def start_all_instances(
        self,
        *,
        names: list[str] | None = None,
    ) -> models.BatchResult:
        """Start all stopped and failed instances.

        Args:
            names: Only these instances.
        """
        request = Request(
            "POST",
            "/api/instances/start-all",
            body=given(names=names) or None,
        )
        return models.BatchResult(self._ask(request))

    def stop_all_instances(
        self,
        *,
        names: list[str] | None = None,
    ) -> models.BatchResult:
        """Stop all instances that run, start or restart.

        Args:
            names: Only these instances.
        """
        request = Request(
            "POST",
            "/api/instances/stop-all",
            body=given(names=names) or None,
        )
        return models.BatchResult(self._ask(request))

    def restart_all_instances(
        self,
        names: list[str],
    ) -> models.BatchResult:
        """Restart some instances; starts stopped ones.

        Args:
            names: The instances.
        """
        request = Request(
            "POST",
            "/api/instances/restart-all",
            body=given(names=names),
        )
        return models.BatchResult(self._ask(request))

    def delete_all_instances(
        self,
        names: list[str],
    ) -> models.BatchResult:
        """Delete some instances that do not run; waits for stops in progress.

        Args:
            names: The instances.
        """
        request = Request(
            "POST",
            "/api/instances/delete-all",
            body=given(names=names),
            is_patient=True,
        )
        return models.BatchResult(self._ask(request))

    def get_instance_logs(
        self,
        name: str,
        *,
        lines: int | None = None,
        level: models.LogLevel | None = None,
        after_seq: int | None = None,
        before_seq: int | None = None,
        q: str | None = None,
    ) -> models.Logs:
        """The last lines of output, across runs and rotations; or new lines as they come.

        Args:
            lines: How many lines, after filtering. Default 100.
            level: Lines of this level and above.
            after_seq: Only lines with a greater `seq`, oldest first.
            before_seq: Only lines with a smaller `seq`: the last of them, to scroll back. Not with `follow` or `after_seq`.
            q: Only lines whose message contains this text, ignoring case. Reads at most 16 MiB. A caller may run two searches at once, all together four. Not with `follow`.
        """
        request = Request(
            "GET",
            f"/api/instances/{step(name)}/logs",
            query={"lines": lines, "level": level, "after_seq": after_seq, "before_seq": before_seq, "q": q},
        )
        return models.Logs(self._ask(request))

    def get_instance_stats(
        self,
        name: str,
        *,
        window: str | None = None,
    ) -> models.StatsHistory:
        """Memory, CPU, I/O and requests of the last hours, in steps that widen with age.

        Args:
            window: How far back: seconds, or `15m`, `1h`, `24h`. Default `1h`, at least one second, at most one day.
        """
        request = Request(
            "GET",
            f"/api/instances/{step(name)}/stats",
            query={"window": window},
        )
        return models.StatsHistory(self._ask(request))

    def get_fleet_stats(
        self,
        *,
        window: str | None = None,
        points: int | None = None,
    ) -> models.FleetStats:
        """Resources and requests of all instances over time, in a few equal steps.

        Args:
            window: How far back: seconds, or `15m`, `1h`, `24h`. Default `15m`.
            points: How many steps. Default 60.
        """
        request = Request(
            "GET",
            "/api/stats",
            query={"window": window, "points": points},
        )
        return models.FleetStats(self._ask(request))

    def apply_fleet(
        self,
        document: models.Fleet | str,
        *,
        prune: bool | None = None,
        dry_run: bool | None = None,
    ) -> models.Applied:
        """Create, change and remove instances to match a document; only changed ones restart.

        Args:
            document: The document, or its text in YAML or JSON.
            prune: Remove instances that the document does not name.
            dry_run: Change nothing; return the steps that would be made.
        """
        request = Request(
            "POST",
            "/api/apply",
            query={"prune": prune, "dry_run": dry_run},
            body=None if isinstance(document, str) else document,
            text=document if isinstance(document, str) else None,
            is_patient=True,
        )
        return models.Applied(self._ask(request))

    def export_fleet(
        self,
        *,
        names: str | None = None,
    ) -> models.Fleet:
        """All or some instances as a document for apply, with their environment: YAML, or JSON if `Accept` names it.

        Args:
            names: Only these instances: names, separated by commas. Default all.
        """
        request = Request(
            "GET",
            "/api/export",
            query={"names": names},
        )
        return cast(models.Fleet, self._ask(request))

    def list_engines(
        self,
    ) -> list[models.Engine]:
        """The engines of the configuration, with program and version."""
        request = Request(
            "GET",
            "/api/engines",
        )
        return models.EngineList(self._ask(request)).engines

    def get_engine_options(
        self,
        engine: str,
    ) -> models.EngineOptionList:
        """The options of the installed engine, from its own help."""
        request = Request(
            "GET",
            f"/api/engines/{step(engine)}/options",
        )
        return models.EngineOptionList(self._ask(request))

    def parse_engine_command(
        self,
        text: str,
    ) -> models.Parsed:
        """Read settings from a pasted command line, `docker run` or llama-swap configuration; runs and changes nothing.

        Args:
            text: A command line of llama-server, a `docker run`, or a llama-swap configuration.
        """
        request = Request(
            "POST",
            "/api/engines/parse",
            body=given(text=text),
        )
        return models.Parsed(self._ask(request))

    def list_models(
        self,
    ) -> models.ModelList:
        """The models in the folders of the server."""
        request = Request(
            "GET",
            "/api/models",
        )
        return models.ModelList(self._ask(request))

    def get_model(
        self,
        model_id: str,
    ) -> models.ModelDetails:
        """A model with its files, companions, metadata and chat template."""
        request = Request(
            "GET",
            f"/api/models/{step(model_id)}",
        )
        return models.ModelDetails(self._ask(request))

    def delete_model(
        self,
        model_id: str,
    ) -> models.Message:
        """Delete the files of a model that a download made, if no instance uses it."""
        request = Request(
            "DELETE",
            f"/api/models/{step(model_id)}",
        )
        return models.Message(self._ask(request))

    def verify_model(
        self,
        model_id: str,
    ) -> list[models.CheckedFile]:
        """Read the files of a model, and compare them with the hashes of their source; a second for each GB."""
        request = Request(
            "POST",
            f"/api/models/{step(model_id)}/verify",
            is_patient=True,
        )
        return models.ModelCheck(self._ask(request)).files

    def estimate(
        self,
        *,
        model: str | None = None,
        instance: str | None = None,
        model_path: str | None = None,
        engine: str | None = None,
        options: Mapping[str, str | float | bool | Sequence[str | float] | None] | None = None,
        devices: list[str] | None = None,
    ) -> models.Estimate:
        """The memory that a model needs with options, and whether it fits now; starts nothing.

        Args:
            model: A model of `GET /models`: its id, reference or name.
            instance: Name of an instance.
            model_path: Any model file of the server. Only for admins.
            engine: Default: `llama_cpp`, or that of the instance.
            options: Options of the engine. Of an instance they are merged into its own, key by key; `None` removes one.
            devices: Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used.
        """
        request = Request(
            "POST",
            "/api/estimate",
            body=given(model=model, instance=instance, model_path=model_path, engine=engine, options=options, devices=devices),
        )
        return models.Estimate(self._ask(request))

    def search_models(
        self,
        q: str,
        *,
        limit: int | None = None,
    ) -> models.ModelSearch:
        """Repositories with GGUF files on the hub.

        Args:
            q: Words.
            limit: Most repositories, 1–100; 20 without it.
        """
        request = Request(
            "GET",
            "/api/models/search",
            query={"q": q, "limit": limit},
        )
        return models.ModelSearch(self._ask(request))

    def list_quants(
        self,
        repo: str,
        *,
        revision: str | None = None,
    ) -> models.QuantList:
        """The quants of a repository, with their files and whether they fit.

        Args:
            repo: `org/repo`, `ms:org/repo`, `ollama:name:tag`, `docker:ai/name:tag`, or `https://…/file.gguf`.
            revision: Branch, tag or commit; `main` without it.
        """
        request = Request(
            "GET",
            "/api/models/quants",
            query={"repo": repo, "revision": revision},
        )
        return models.QuantList(self._ask(request))

    def list_starters(
        self,
    ) -> models.StarterList:
        """A short list of models to begin with, for each purpose and size of memory."""
        request = Request(
            "GET",
            "/api/models/starters",
        )
        return models.StarterList(self._ask(request))

    def create_download(
        self,
        model: str,
        *,
        revision: str | None = None,
    ) -> models.Download:
        """Download a model; with status 200: a download of these files exists, and goes on if it was paused or failed.

        Args:
            model: A reference: `org/repo:Q4_K_M`.
            revision: Branch, tag or commit. Default: the main branch.
        """
        request = Request(
            "POST",
            "/api/models/downloads",
            body=given(model=model, revision=revision),
        )
        return models.Download(self._ask(request))

    def list_downloads(
        self,
    ) -> list[models.Download]:
        """Downloads that wait, run or failed, and those that ended in the last seven days."""
        request = Request(
            "GET",
            "/api/models/downloads",
        )
        return models.DownloadList(self._ask(request)).downloads

    def get_download(
        self,
        download_id: str,
    ) -> models.Download:
        """A download with the progress of its files."""
        request = Request(
            "GET",
            f"/api/models/downloads/{step(download_id)}",
        )
        return models.Download(self._ask(request))

    def delete_download(
        self,
        download_id: str,
    ) -> models.Message:
        """Cancel a download and remove its incomplete files; a done or cancelled one leaves the list."""
        request = Request(
            "DELETE",
            f"/api/models/downloads/{step(download_id)}",
        )
        return models.Message(self._ask(request))

    def pause_download(
        self,
        download_id: str,
    ) -> models.Download:
        """Pause a download; the bytes that came are kept. A finished one stays as it is."""
        request = Request(
            "POST",
            f"/api/models/downloads/{step(download_id)}/pause",
        )
        return models.Download(self._ask(request))

    def resume_download(
        self,
        download_id: str,
    ) -> models.Download:
        """Continue a download that is paused or failed; any other stays as it is."""
        request = Request(
            "POST",
            f"/api/models/downloads/{step(download_id)}/resume",
        )
        return models.Download(self._ask(request))

    def list_requests(
        self,
        *,
        finished: int | None = None,
        before_seq: int | None = None,
        instance: str | None = None,
        caller: str | None = None,
        outcome: models.RequestOutcome | None = None,
        slower_than: str | None = None,
    ) -> models.Requests:
        """Requests to engines: those in flight and the last finished ones.

        Args:
            finished: How many finished requests to return; default 50.
            before_seq: Only requests that finished before this one.
            instance: Only requests for this instance.
            caller: Only requests of this caller, as `caller` names it, or without the name of a key.
            outcome: Only finished requests with this outcome.
            slower_than: Only finished requests that took longer than this many seconds.
        """
        request = Request(
            "GET",
            "/api/requests",
            query={"finished": finished, "before_seq": before_seq, "instance": instance, "caller": caller, "outcome": outcome, "slower_than": slower_than},
        )
        return models.Requests(self._ask(request))

    def cancel_request(
        self,
        request_id: str,
    ) -> models.Message:
        """Cancel a request: the engine stops working on it; its caller gets an error or is disconnected."""
        request = Request(
            "DELETE",
            f"/api/requests/{step(request_id)}",
        )
        return models.Message(self._ask(request))

    def get_usage(
        self,
        *,
        by: models.UsageGroup | None = None,
        window: str | None = None,
    ) -> models.Usage:
        """Requests and tokens of the last days by key, account or instance: your own; for admins, all.

        Args:
            by: What the figures are summed by. Default `key`.
            window: How far back: seconds, or `15m`, `24h`, `7d`. Default `30d`, at least one second, at most 30 days.
        """
        request = Request(
            "GET",
            "/api/usage",
            query={"by": by, "window": window},
        )
        return models.Usage(self._ask(request))

    def list_events(
        self,
        *,
        instance: str | None = None,
        before_seq: int | None = None,
        limit: int | None = None,
        type: Literal["instance_status_changed", "instance_start_refused", "instance_created", "instance_updated", "instance_deleted", "system_alert", "download_progress"] | None = None,
    ) -> models.Events:
        """Kept events, newest first; `/api/ws` sends new ones.

        Args:
            instance: Only about this instance, under its earlier names too, or about a deleted one of this name.
            before_seq: Only with a smaller `seq`.
            limit: How many; default 100.
            type: Only events of this type.
        """
        request = Request(
            "GET",
            "/api/events",
            query={"instance": instance, "before_seq": before_seq, "limit": limit, "type": type},
        )
        return models.Events(self._ask(request))

    def get_alert_history(
        self,
        *,
        instance: str | None = None,
        before_seq: int | None = None,
        limit: int | None = None,
    ) -> models.AlertHistory:
        """Alerts that were raised, and when they were cleared.

        Args:
            instance: Only about this instance, under its earlier names too, or about a deleted one of this name.
            before_seq: Only with a smaller `seq`.
            limit: How many; default 100.
        """
        request = Request(
            "GET",
            "/api/system/alerts/history",
            query={"instance": instance, "before_seq": before_seq, "limit": limit},
        )
        return models.AlertHistory(self._ask(request))

    def get_system_status(
        self,
    ) -> models.SystemStatus:
        """Number of instances by status, and resource usage of the machine."""
        request = Request(
            "GET",
            "/api/system/status",
        )
        return models.SystemStatus(self._ask(request))

    def get_system_stats(
        self,
        *,
        window: str | None = None,
    ) -> models.SystemStats:
        """CPU, memory, disk and GPUs of the last hours, in steps that widen with age.

        Args:
            window: How far back: seconds, or `15m`, `1h`, `24h`. Default `1h`, at least one second, at most one day.
        """
        request = Request(
            "GET",
            "/api/system/stats",
            query={"window": window},
        )
        return models.SystemStats(self._ask(request))

    def get_system_info(
        self,
    ) -> models.SystemInfo:
        """The machine, and the version of llamactl."""
        request = Request(
            "GET",
            "/api/system/info",
        )
        return models.SystemInfo(self._ask(request))

    def get_system_alerts(
        self,
    ) -> list[models.Alert]:
        """Alerts that are raised now."""
        request = Request(
            "GET",
            "/api/system/alerts",
        )
        return models.Alerts(self._ask(request)).alerts

    def test_alerts(
        self,
    ) -> list[models.TestedReceiver]:
        """Send a test alert to `alerts.webhook` and `alerts.command` now, once; takes up to 30 seconds."""
        request = Request(
            "POST",
            "/api/system/alerts/test",
        )
        return models.AlertTest(self._ask(request)).receivers

    def get_doctor(
        self,
    ) -> models.Doctor:
        """Check the machine, the configuration and the instances for problems; takes up to 30 seconds."""
        request = Request(
            "GET",
            "/api/system/doctor",
        )
        return models.Doctor(self._ask(request))

    def get_system_logs(
        self,
        *,
        lines: int | None = None,
        level: models.LogLevel | None = None,
        q: str | None = None,
    ) -> models.ServerLog:
        """The last lines of llamactl's own log.

        Args:
            lines: How many lines, after filtering. Default 200.
            level: Lines of this level and above.
            q: Only lines that contain this text in their message or fields, ignoring case.
        """
        request = Request(
            "GET",
            "/api/system/logs",
            query={"lines": lines, "level": level, "q": q},
        )
        return models.ServerLog(self._ask(request))

    def reload_system(
        self,
    ) -> models.Message:
        """Replace llamactl by a new process with the present configuration; no engine stops, no request is refused."""
        request = Request(
            "POST",
            "/api/system/reload",
        )
        return models.Message(self._ask(request))

    def get_metrics(
        self,
    ) -> str:
        """Metrics in the text format of Prometheus; docs/metrics.md lists them."""
        request = Request(
            "GET",
            "/metrics",
        )
        return self._transport.text(request)

    def get_config(
        self,
    ) -> models.ConfigView:
        """The configuration, the source of each value, and changes that wait for a restart."""
        request = Request(
            "GET",
            "/api/config",
        )
        return models.ConfigView(self._ask(request))

    def update_config(
        self,
        changes: Mapping[str, Any],
    ) -> models.ConfigWritten:
        """Change a part of the configuration file and keep its comments; takes effect at the next reload or start.

        Args:
            changes: A part of the configuration. `"***"` keeps a secret, `null` restores the default.
        """
        request = Request(
            "PUT",
            "/api/config",
            body=changes,
        )
        return models.ConfigWritten(self._ask(request))

    def get_open_api(
        self,
    ) -> dict[str, Any]:
        """This description of the API."""
        request = Request(
            "GET",
            "/api/openapi.json",
        )
        return cast("dict[str, Any]", self._ask(request))

    def get_liveness(
        self,
    ) -> models.Probe:
        """Whether the process answers."""
        request = Request(
            "GET",
            "/livez",
        )
        return models.Probe(self._ask(request))

    def get_readiness(
        self,
    ) -> models.Probe:
        """Whether llamactl is ready for requests; 503 while starting or stopping."""
        request = Request(
            "GET",
            "/readyz",
            other_statuses=(503,),
        )
        return models.Probe(self._ask(request))

    def get_health(
        self,
    ) -> models.Probe:
        """The same as /readyz."""
        request = Request(
            "GET",
            "/health",
            other_statuses=(503,),
        )
        return models.Probe(self._ask(request))

    def login(
        self,
        username: str,
        password: str,
    ) -> models.LoggedIn:
        """Log in with name and password; returns a token."""
        request = Request(
            "POST",
            "/api/auth/login",
            body=given(username=username, password=password),
        )
        return models.LoggedIn(self._ask(request))

    def get_me(
        self,
    ) -> models.Me:
        """Who you are to the server, and whether it has accounts."""
        request = Request(
            "GET",
            "/api/me",
        )
        return models.Me(self._ask(request))

    def login_browser(
        self,
        username: str,
        password: str,
    ) -> models.LoggedIn:
        """Log in the web page: sets a cookie that gets tokens, and returns the first of these short-lived tokens."""
        request = Request(
            "POST",
            "/api/auth/browser",
            body=given(username=username, password=password),
        )
        return models.LoggedIn(self._ask(request))

    def logout_browser(
        self,
    ) -> models.Message:
        """End the log-in of the cookie: revokes its tokens and closes connections that they opened."""
        request = Request(
            "DELETE",
            "/api/auth/browser",
        )
        return models.Message(self._ask(request))

    def create_browser_token(
        self,
    ) -> models.Token:
        """Create a token for the web page, valid for 15 minutes; needs the cookie of its log-in."""
        request = Request(
            "POST",
            "/api/auth/browser/token",
        )
        return models.Token(self._ask(request))

    def refresh_token(
        self,
    ) -> models.Token:
        """Exchange a valid token for a new one."""
        request = Request(
            "POST",
            "/api/auth/refresh",
        )
        return models.Token(self._ask(request))

    def logout(
        self,
    ) -> models.Message:
        """End the log-in of this token, with all its tokens."""
        request = Request(
            "POST",
            "/api/auth/logout",
        )
        return models.Message(self._ask(request))

    def list_sessions(
        self,
    ) -> list[models.Session]:
        """Your own log-ins, newest first."""
        request = Request(
            "GET",
            "/api/auth/sessions",
        )
        return models.SessionList(self._ask(request)).sessions

    def end_all_sessions(
        self,
        *,
        others: bool | None = None,
    ) -> models.SessionsEnded:
        """End your log-ins: all, or all but the one of this token.

        Args:
            others: `true`: the log-in of this token goes on. Default `false`.
        """
        request = Request(
            "DELETE",
            "/api/auth/sessions",
            query={"others": others},
        )
        return models.SessionsEnded(self._ask(request))

    def end_session(
        self,
        session_id: str,
    ) -> models.Message:
        """End one of your log-ins: revokes its tokens and closes connections that they opened."""
        request = Request(
            "DELETE",
            f"/api/auth/sessions/{step(session_id)}",
        )
        return models.Message(self._ask(request))

    def change_password(
        self,
        current_password: str,
        new_password: str,
    ) -> models.Message:
        """Change your own password; revokes all your tokens and keys."""
        request = Request(
            "PUT",
            "/api/auth/password",
            body=given(current_password=current_password, new_password=new_password),
        )
        return models.Message(self._ask(request))

    def list_users(
        self,
    ) -> list[models.User]:
        """All accounts."""
        request = Request(
            "GET",
            "/api/users",
        )
        return models.UserList(self._ask(request)).users

    def create_user(
        self,
        username: str,
        password: str,
        role: models.Role,
        *,
        max_in_flight: int | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
    ) -> models.UserChanged:
        """Create an account.

        Args:
            username: Unique without regard to case; cannot be changed.
            max_in_flight: Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
            requests_per_minute: Requests to `/v1` in any 60 seconds; 0: no limit.
            tokens_per_minute: Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
        """
        request = Request(
            "POST",
            "/api/users",
            body=given(username=username, password=password, role=role, max_in_flight=max_in_flight, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute),
        )
        return models.UserChanged(self._ask(request))

    def update_user(
        self,
        username: str,
        *,
        role: models.Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        max_in_flight: int | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
    ) -> models.UserChanged:
        """Change role, password or limits, disable or enable; revokes tokens and keys where necessary.

        Args:
            password: Revokes all tokens and keys of the account.
            max_in_flight: Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
            requests_per_minute: Requests to `/v1` in any 60 seconds; 0: no limit.
            tokens_per_minute: Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
        """
        request = Request(
            "PUT",
            f"/api/users/{step(username)}",
            body=given(role=role, disabled=disabled, password=password, max_in_flight=max_in_flight, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute),
        )
        return models.UserChanged(self._ask(request))

    def delete_user(
        self,
        username: str,
    ) -> models.Message:
        """Delete an account with its keys."""
        request = Request(
            "DELETE",
            f"/api/users/{step(username)}",
        )
        return models.Message(self._ask(request))

    def list_user_sessions(
        self,
        username: str,
    ) -> list[models.Session]:
        """The log-ins of an account, newest first."""
        request = Request(
            "GET",
            f"/api/users/{step(username)}/sessions",
        )
        return models.SessionList(self._ask(request)).sessions

    def end_user_sessions(
        self,
        username: str,
    ) -> models.SessionsEnded:
        """End all log-ins of an account; its keys stay valid."""
        request = Request(
            "DELETE",
            f"/api/users/{step(username)}/sessions",
        )
        return models.SessionsEnded(self._ask(request))

    def end_user_session(
        self,
        username: str,
        session_id: str,
    ) -> models.Message:
        """End a log-in of an account: revokes its tokens and closes connections that they opened."""
        request = Request(
            "DELETE",
            f"/api/users/{step(username)}/sessions/{step(session_id)}",
        )
        return models.Message(self._ask(request))

    def list_keys(
        self,
    ) -> list[models.Key]:
        """Your own keys; for admins, all keys."""
        request = Request(
            "GET",
            "/api/keys",
        )
        return models.KeyList(self._ask(request)).keys

    def create_key(
        self,
        name: str,
        *,
        scopes: list[models.Scope] | None = None,
        instances: list[str] | None = None,
        may_start: bool | None = None,
        expires_at: str | None = None,
        owner: str | None = None,
        max_in_flight: int | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
    ) -> models.KeyCreated:
        """Create a key for a program; only this answer shows the key.

        Args:
            scopes: Default `["inference"]`. A role must not be higher than your own.
            instances: Only these instances, by name. Default all.
            may_start: Default true.
            expires_at: Default never.
            owner: For admins: the account that gets the key. Default your own.
            max_in_flight: Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
            requests_per_minute: Requests to `/v1` in any 60 seconds; 0: no limit.
            tokens_per_minute: Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
        """
        request = Request(
            "POST",
            "/api/keys",
            body=given(name=name, scopes=scopes, instances=instances, may_start=may_start, expires_at=expires_at, owner=owner, max_in_flight=max_in_flight, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute),
        )
        return models.KeyCreated(self._ask(request))

    def update_key(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        expires_at: str | None | Unset = UNSET,
        owner: str | Unset = UNSET,
        scopes: list[models.Scope] | Unset = UNSET,
        instances: list[str] | None | Unset = UNSET,
        may_start: bool | Unset = UNSET,
        max_in_flight: int | Unset = UNSET,
        requests_per_minute: int | Unset = UNSET,
        tokens_per_minute: int | Unset = UNSET,
    ) -> models.KeyChanged:
        """Change the name or the end of a key: your own, or for admins any.

        Args:
            expires_at: Another end, in the future; `None`: never.
            owner: Cannot be changed: it must be as it is, or be left out.
            scopes: Cannot be changed: it must be as it is, or be left out.
            instances: Cannot be changed: it must be as it is, or be left out.
            may_start: Cannot be changed: it must be as it is, or be left out.
            max_in_flight: Cannot be changed: it must be as it is, or be left out.
            requests_per_minute: Cannot be changed: it must be as it is, or be left out.
            tokens_per_minute: Cannot be changed: it must be as it is, or be left out.
        """
        request = Request(
            "PUT",
            f"/api/keys/{step(id)}",
            body=changed(name=name, expires_at=expires_at, owner=owner, scopes=scopes, instances=instances, may_start=may_start, max_in_flight=max_in_flight, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute),
        )
        return models.KeyChanged(self._ask(request))

    def delete_key(
        self,
        id: str,
    ) -> models.Message:
        """Revoke a key: your own, or for admins any."""
        request = Request(
            "DELETE",
            f"/api/keys/{step(id)}",
        )
        return models.Message(self._ask(request))

    def get_audit(
        self,
        *,
        limit: int | None = None,
        before_seq: int | None = None,
        subject: str | None = None,
        action: str | None = None,
        target: str | None = None,
        match: Literal["exact", "part"] | None = None,
        since: str | None = None,
        until: str | None = None,
        status: str | None = None,
    ) -> list[models.AuditRow]:
        """The audit trail, newest first; one JSON text per line if `Accept` names application/x-ndjson.

        Args:
            limit: How many rows. Default 100.
            before_seq: Only rows with a smaller `seq`.
            subject: Only rows of this subject.
            action: Only rows of this operation, or of one of several: `startInstance,stopInstance`.
            target: Only rows with this target. A key or an ended request can be named by its id alone.
            match: How `subject`, `action` and `target` match. `exact`, the default: the whole text. `part`: any part of it, in upper or lower case; a `subject` without a colon matches the part after `user:` or `key:`, and a `target` also matches the path, old or new value of a change.
            since: Only rows of this time or later.
            until: Only rows of before this time.
            status: Only rows with this status, such as `403`, or of this class, such as `4xx`.
        """
        request = Request(
            "GET",
            "/api/audit",
            query={"limit": limit, "before_seq": before_seq, "subject": subject, "action": action, "target": target, "match": match, "since": since, "until": until, "status": status},
        )
        return models.Audit(self._ask(request)).audit

    def create_ticket(
        self,
    ) -> models.Ticket:
        """Create a ticket for one WebSocket, valid for 30 seconds; for web pages, which cannot set headers."""
        request = Request(
            "POST",
            "/api/ws/ticket",
        )
        return models.Ticket(self._ask(request))
