using System.Buffers;
using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The one place that turns errors into answers (RFC 9457). It also gives each request its id, and refuses requests that proxies read differently.
/// </summary>
internal sealed partial class ErrorFunnel(
    RequestDelegate next,
    TimeProvider time,
    TokenryOptions options,
    Brands brands,
    ILogger<ErrorFunnel> logger,
    ProblemPage? page = null
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
                await WriteAsync(context, Unrouted(context.Response.StatusCode));
            }
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
            {
                return; // the client has disconnected
            }

            await WriteAsync(context, WithMetadata(ToProblem(exception)));
        }
    }

    private Task WriteAsync(HttpContext context, ProblemException problem) =>
        page is not null && ProblemPage.IsWanted(context) ? page.WriteAsync(context, problem) : ProblemAnswer.WriteAsync(context, problem);

    /// <summary>
    /// Adds the resource metadata to a 403 of Tokenry's own API, as a 401 has it: it tells the client how to get the missing scope (RFC 9728 §5.1).
    /// </summary>
    private ProblemException WithMetadata(ProblemException problem)
    {
        if (problem.Code == ProblemCode.InsufficientScope && problem.Challenge is { } challenge)
        {
            problem.Challenge = challenge with { Metadata = ResourceMetadata.Of(options) };
        }

        return problem;
    }

    /// <summary>
    /// Content-Length together with Transfer-Encoding: Kestrel uses the second, others the first (RFC 9112 §6.1). Kestrel accepts control characters, which can
    /// mislead logs and backends (RFC 9110 §5.5 allows only the tab).
    /// </summary>
    private static void RefuseAmbiguity(HttpContext context)
    {
        var request = context.Request;
        // A reader that does not decode another coding, or chunked twice, sees another end of the body (RFC 9112 §6.1). So the connection closes: bytes after
        // it are not a request.
        if (
            request.Headers.TransferEncoding is { Count: > 0 } codings
            && (codings.Count > 1 || !string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase))
        )
        {
            context.Response.Headers.Connection = "close";
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                "Transfer-Encoding must be chunked, and appear once. Otherwise leave it out."
            );
        }

        // Kestrel has moved the Content-Length to this name.
        if (request.Headers.TransferEncoding.Count > 0 && request.Headers.ContainsKey("X-Content-Length"))
        {
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                "The request has both Content-Length and Transfer-Encoding. Send one of them."
            );
        }

        // Header lists are joined, so two keys would become a third one.
        if (request.Headers["Idempotency-Key"].Count > 1)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The header Idempotency-Key appears more than once. Send it once.");
        }

        foreach (var (_, values) in request.Headers)
        {
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(ControlCharacters))
                {
                    throw new ProblemException(
                        400,
                        ProblemCode.InvalidRequest,
                        "A request header contains a control character. Remove it."
                    );
                }
            }
        }
    }

    /// <summary>HEAD works wherever GET does (<see cref="HeadRequests"/>), but routing does not know this.</summary>
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
                return new ProblemException(503, ProblemCode.StoreUnavailable, "The store is unavailable. Try again shortly.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            case OverloadedException:
                return new ProblemException(503, ProblemCode.Overloaded, exception.Message) { RetryAfter = OverloadedException.Wait };
            case ListsBusyException:
                return new ProblemException(
                    429,
                    ProblemCode.TooManyRequests,
                    "The server is reading too many lists at once. Try again shortly."
                )
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            case ListTooSlowException slow:
                return new ProblemException(
                    422,
                    ProblemCode.QueryTooSlow,
                    slow.After == ListTooSlowException.Deadline
                        ? $"The server stopped the list after {slow.After.TotalSeconds} s. Ask for a shorter period or use narrower filters."
                        : $"The server could not count the effect of the change in {slow.After.TotalSeconds} s, so it changed nothing. Change fewer "
                            + "roles or scopes at a time, or send the change without dry_run and Tokenry-Expect-Gains."
                );
            case BadHttpRequestException { StatusCode: 413 }:
                return new ProblemException(
                    413,
                    ProblemCode.BodyTooLarge,
                    "The body is larger than this route accepts. Send a smaller one."
                );
            case BadHttpRequestException { StatusCode: 408 }:
                return new ProblemException(
                    408,
                    ProblemCode.BodyTooSlow,
                    "The body did not arrive in time. Send the whole body within ten seconds."
                );
            case BadHttpRequestException bad:
                return new ProblemException(
                    bad.StatusCode,
                    ProblemCode.InvalidRequest,
                    "The server could not read the request. Check its headers and its body."
                );
            default:
                LogFault(exception);
                return new ProblemException(
                    500,
                    ProblemCode.InternalError,
                    "The server failed. Tell its operator the request_id: the log has the cause under it."
                );
        }
    }

    private static ProblemException Unrouted(int status) =>
        status switch
        {
            404 => ProblemException.NotFound(),
            405 => new(405, ProblemCode.MethodNotAllowed, "This route does not accept this method. Use one from the header Allow."),
            415 => new(415, ProblemCode.UnsupportedMediaType, "Send the body as application/json."),
            _ => new(status, ProblemCode.InvalidRequest, ReasonPhrases.GetReasonPhrase(status)),
        };

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Answered 503: {Reason} ({Inner})")]
    private partial void LogUnavailable(string reason, string? inner);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "A request failed because of a fault in the server.")]
    private partial void LogFault(Exception exception);
}
