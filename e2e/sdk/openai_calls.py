"""The calls of OpenAI's SDK; openai-calls.ts has the same."""

import json
import math

import openai

from calls import serve

MESSAGES = [{"role": "user", "content": "Hi"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]

clients = {}
held = None


def client(settings):
    """One for all calls of a key, as its connections are to be used again."""
    found = (settings["url"], settings["key"], settings.get("retries", 0))
    if found not in clients:
        url, key, retries = found
        clients[found] = openai.OpenAI(base_url=url, api_key=key, max_retries=retries)
    return clients[found]


def chat_stream(settings, **more):
    return client(settings).chat.completions.create(model=settings["model"], messages=MESSAGES, stream=True, **more)


def models(settings):
    return [model.id for model in client(settings).models.list()]


def model(settings):
    return client(settings).models.retrieve(settings["model"]).id


def chat(settings):
    answer = client(settings).chat.completions.create(model=settings["model"], messages=MESSAGES)
    return {"text": answer.choices[0].message.content, "tokens": answer.usage.completion_tokens}


def stream(settings):
    text, tokens = "", None
    chunks = chat_stream(settings, stream_options={"include_usage": True})
    for chunk in chunks:
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        if chunk.usage is not None:
            tokens = chunk.usage.completion_tokens
    return {"text": text, "tokens": tokens, "source": chunks.response.headers["x-llamactl-source"]}


def completion(settings):
    return client(settings).completions.create(model=settings["model"], prompt="Hi").choices[0].text


def completion_stream(settings):
    chunks = client(settings).completions.create(model=settings["model"], prompt="Hi", stream=True)
    return "".join(chunk.choices[0].text for chunk in chunks)


def called(choice):
    if not choice.message.tool_calls:
        return choice.to_dict()
    function = choice.message.tool_calls[0].function
    return {"finish": choice.finish_reason, "name": function.name, "city": json.loads(function.arguments)["city"]}


def tools(settings):
    answer = client(settings).chat.completions.create(model=settings["model"], messages=MESSAGES, tools=TOOLS)
    return called(answer.choices[0])


def tools_stream(settings):
    with client(settings).chat.completions.stream(model=settings["model"], messages=MESSAGES, tools=TOOLS) as events:
        return called(events.get_final_completion().choices[0])


def embeddings(settings):
    answer = client(settings).embeddings.create(model=settings["model"], input=["Hi", "Ho"])
    return [all(map(math.isfinite, each.embedding)) and len(each.embedding) > 1 for each in answer.data]


def responses(settings):
    answer = client(settings).responses.create(model=settings["model"], input="Hi")
    return {"text": answer.output_text, "tokens": answer.usage.output_tokens}


def responses_stream(settings):
    text, last = "", ""
    for event in client(settings).responses.create(model=settings["model"], input="Hi", stream=True):
        if event.type == "response.output_text.delta":
            text += event.delta
        last = event.type
    return {"text": text, "last": last}


def malformed(settings):
    client(settings).chat.completions.create(model=settings["model"], messages="no list")


def malformed_stream(settings):
    list(client(settings).chat.completions.create(model=settings["model"], messages="no list", stream=True))


def hold(settings):
    global held
    held = chat_stream(settings)
    next(held)
    return "object"


def abort(_settings):
    held.close()
    return "aborted"


def failure_of(error):
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "message": str(error),
    }


if __name__ == "__main__":
    serve(
        {
            "models": models,
            "model": model,
            "chat": chat,
            "stream": stream,
            "completion": completion,
            "completionStream": completion_stream,
            "tools": tools,
            "toolsStream": tools_stream,
            "embeddings": embeddings,
            "responses": responses,
            "responsesStream": responses_stream,
            "malformed": malformed,
            "malformedStream": malformed_stream,
            "hold": hold,
            "abort": abort,
        },
        failure_of,
        openai.OpenAIError,
    )
