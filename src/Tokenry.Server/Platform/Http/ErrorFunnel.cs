using System.Buffers;
using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Http;

/// <summary>The one place where errors become answers (RFC 9457). Also gives each request its id and refuses what proxies disagree on.</summary>
internal sealed partial class ErrorFunnel(
    RequestDelegate next,
    TimeProvider time,
    TokenryOptions options,
    Brands brands,
    ILogger<ErrorFunnel> logger
)
{
    private static readonly SearchValues<char> ControlCharacters = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Append(0x7f).Select(code => (char)code).Where(character => character != '\t'),
    ]);

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = RequestFacts.Begin(context, time, options, brands).RequestId;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            RefuseAmbiguity(context);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
            {
                AllowHead(context.Response.Headers);
                await ProblemAnswer.WriteAsync(context, Unrouted(context.Response.StatusCode));
            }
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
            {
                return; // nobody is there to read an answer
            }

            await ProblemAnswer.WriteAsync(context, WithMetadata(ToProblem(exception)));
        }
    }

    /// <summary>What is missing at Tokenry's own API can be got: a 403 says where to read how, as a 401 does (RFC 9728 §5.1).</summary>
    private ProblemException WithMetadata(ProblemException problem)
    {
        if (problem.Code == ProblemCode.InsufficientScope && problem.Challenge is { } challenge)
        {
            problem.Challenge = challenge with { Metadata = ResourceMetadata.Of(options) };
        }

        return problem;
    }

    /// <summary>
    /// Both Content-Length and Transfer-Encoding: Kestrel takes the second, others the first (RFC 9112 §6.1). Control characters, which
    /// Kestrel lets pass, mean something to logs and backends (RFC 9110 §5.5 allows the tab alone).
    /// </summary>
    private static void RefuseAmbiguity(HttpContext context)
    {
        var request = context.Request;
        // Any other coding, or this one twice, has another end to a reader who does not undo it (RFC 9112 §6.1). Nothing after it is a request.
        if (
            request.Headers.TransferEncoding is { Count: > 0 } codings
            && (codings.Count > 1 || !string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase))
        )
        {
            context.Response.Headers.Connection = "close";
            throw new ProblemException(400, ProblemCode.InvalidRequest, "Send Transfer-Encoding: chunked, or none.");
        }

        // Kestrel has taken the Content-Length away by now, and keeps it under this name.
        if (request.Headers.TransferEncoding.Count > 0 && request.Headers.ContainsKey("X-Content-Length"))
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "Content-Length and Transfer-Encoding exclude each other.");
        }

        // Joined, as lists are, two keys would be a third one.
        if (request.Headers["Idempotency-Key"].Count > 1)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "Idempotency-Key stands twice.");
        }

        foreach (var (_, values) in request.Headers)
        {
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(ControlCharacters))
                {
                    throw new ProblemException(400, ProblemCode.InvalidRequest, "A header holds a control character.");
                }
            }
        }
    }

    /// <summary>HEAD is answered wherever GET is (<see cref="HeadRequests"/>), which routing does not know.</summary>
    private static void AllowHead(IHeaderDictionary headers)
    {
        if (headers.Allow.ToString() is { Length: > 0 } allowed && allowed.Split(", ").Contains("GET", StringComparer.Ordinal))
        {
            headers.Allow = allowed + ", HEAD";
        }
    }

    private ProblemException ToProblem(Exception exception)
    {
        switch (exception)
        {
            case ProblemException problem:
                return problem;
            case StoreUnavailableException unavailable:
                LogUnavailable(unavailable.Message, unavailable.InnerException?.GetType().Name);
                return new ProblemException(503, ProblemCode.StoreUnavailable, "The store cannot be asked now. Try again shortly.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            case OverloadedException:
                return new ProblemException(503, ProblemCode.Overloaded, exception.Message) { RetryAfter = OverloadedException.Wait };
            case ListsBusyException:
                return new ProblemException(429, ProblemCode.TooManyRequests, "Too many lists are being read at once. Try again shortly.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            case ListTooSlowException slow:
                return new ProblemException(
                    422,
                    ProblemCode.QueryTooSlow,
                    slow.After == ListTooSlowException.Deadline
                        ? $"The list was stopped after {slow.After.TotalSeconds} s. Ask for a shorter time or narrower filters."
                        : $"The effect of the change could not be counted in {slow.After.TotalSeconds} s, so nothing was changed. Change fewer "
                            + "roles or scopes at a time, or send the change without dry_run and Tokenry-Expect-Gains."
                );
            case BadHttpRequestException { StatusCode: 413 }:
                return new ProblemException(413, ProblemCode.BodyTooLarge, "The body is larger than this route takes.");
            case BadHttpRequestException { StatusCode: 408 }:
                return new ProblemException(
                    408,
                    ProblemCode.BodyTooSlow,
                    "The body did not arrive in time. Send it whole, within ten seconds."
                );
            case BadHttpRequestException bad:
                return new ProblemException(bad.StatusCode, ProblemCode.InvalidRequest, "The request could not be read.");
            default:
                LogFault(exception);
                return new ProblemException(
                    500,
                    ProblemCode.InternalError,
                    "The server met a fault of its own; the log has it under this request's id."
                );
        }
    }

    private static ProblemException Unrouted(int status) =>
        status switch
        {
            404 => ProblemException.NotFound(),
            405 => new(405, ProblemCode.MethodNotAllowed, "This route takes other methods; see Allow."),
            415 => new(415, ProblemCode.UnsupportedMediaType, "Send application/json."),
            _ => new(status, ProblemCode.InvalidRequest, ReasonPhrases.GetReasonPhrase(status)),
        };

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Answered 503: {Reason} ({Inner})")]
    private partial void LogUnavailable(string reason, string? inner);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "A request failed by a fault of the server.")]
    private partial void LogFault(Exception exception);
}
