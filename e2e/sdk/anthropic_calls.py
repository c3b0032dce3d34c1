"""The calls of Anthropic's SDK; anthropic-calls.ts has the same."""

import anthropic

from calls import serve

# Anthropic's API asks for a limit.
QUESTION = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4096}
MALFORMED = {**QUESTION, "messages": [{"role": "user", "content": 5}]}
TOOLS = [
    {
        "name": "weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]

clients = {}
held = None


def client(settings):
    """One for all calls of a key, as its connections are to be used again."""
    found = (settings["url"], settings["key"], settings.get("retries", 0))
    if found not in clients:
        url, key, retries = found
        clients[found] = anthropic.Anthropic(base_url=url, api_key=key, max_retries=retries)
    return clients[found]


def models(settings):
    return [model.id for model in client(settings).models.list()]


def model(settings):
    return client(settings).models.retrieve(settings["model"]).id


def text_of(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


def message(settings):
    answer = client(settings).messages.create(model=settings["model"], **QUESTION)
    return {"text": text_of(answer), "tokens": answer.usage.output_tokens, "stop": answer.stop_reason}


def stream(settings):
    text, tokens, last = "", None, ""
    events = client(settings).messages.create(model=settings["model"], stream=True, **QUESTION)
    for event in events:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            text += event.delta.text
        if event.type == "message_delta":
            tokens = event.usage.output_tokens
        last = event.type
    source = events.response.headers["x-llamactl-source"]
    return {"text": text, "tokens": tokens, "last": last, "source": source}


def gathered(settings):
    with client(settings).messages.stream(model=settings["model"], **QUESTION) as events:
        return text_of(events.get_final_message())


def called(answer):
    blocks = [block for block in answer.content if block.type == "tool_use"]
    if not blocks:
        return answer.to_dict()
    return {"stop": answer.stop_reason, "name": blocks[0].name, "input": blocks[0].input}


def tools(settings):
    return called(client(settings).messages.create(model=settings["model"], tools=TOOLS, **QUESTION))


def tools_stream(settings):
    with client(settings).messages.stream(model=settings["model"], tools=TOOLS, **QUESTION) as events:
        return called(events.get_final_message())


def count(settings):
    messages = QUESTION["messages"]
    return client(settings).messages.count_tokens(model=settings["model"], messages=messages).input_tokens > 0


def malformed(settings):
    client(settings).messages.create(model=settings["model"], **MALFORMED)


def malformed_stream(settings):
    list(client(settings).messages.create(model=settings["model"], stream=True, **MALFORMED))


def hold(settings):
    global held
    endless = {**QUESTION, "max_tokens": 1_000_000_000}
    held = client(settings).messages.create(model=settings["model"], stream=True, **endless)
    next(held)
    return "object"


def abort(_settings):
    held.close()
    return "aborted"


def failure_of(error):
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "type", None),
        "message": str(error),
    }


if __name__ == "__main__":
    serve(
        {
            "models": models,
            "model": model,
            "message": message,
            "stream": stream,
            "gathered": gathered,
            "tools": tools,
            "toolsStream": tools_stream,
            "count": count,
            "malformed": malformed,
            "malformedStream": malformed_stream,
            "hold": hold,
            "abort": abort,
        },
        failure_of,
        anthropic.AnthropicError,
    )
