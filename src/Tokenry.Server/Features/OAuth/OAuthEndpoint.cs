using System.Globalization;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.OAuth;

/// <summary>The common part of the form endpoints: the form, the headers of the answer, and errors in OAuth's own format (RFC 6749 §5).</summary>
public static partial class OAuthEndpoint
{
    private static readonly string[] SecretParameters =
    [
        "client_secret",
        "client_assertion",
        "assertion",
        "token",
        "subject_token",
        "actor_token",
        "refresh_token",
        "access_token",
        "code",
        "password",
    ];

    /// <summary>
    /// Maps a POST endpoint; <paramref name="serve"/> gets the parsed form and writes the answer. The route has no metadata about accepted media types:
    /// otherwise routing would answer 415 instead of OAuth's own <c>invalid_request</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapForm(
        this IEndpointRouteBuilder app,
        string path,
        Func<HttpContext, FormParameters, Task> serve
    ) => app.MapPost(path, context => HandleAsync(context, serve)).WithTags("OAuth 2.0");

    private static async Task HandleAsync(HttpContext context, Func<HttpContext, FormParameters, Task> serve)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
        try
        {
            RefuseSecretsInUrl(context);
            if (MediaType.IsCoded(context.Request))
            {
                context.Response.Headers.AcceptEncoding = "identity"; // RFC 9110 §12.5.3
                throw OAuthError.CodedBody();
            }

            var (form, fault) = await FormParameters.ReadAsync(context.Request);
            if (form is null)
            {
                throw OAuthError.InvalidRequest(fault!);
            }

            if (form.RepeatsAny("resource", "audience"))
            {
                throw OAuthError.InvalidRequest("a parameter stands more than once");
            }

            await serve(context, form);
        }
        catch (OAuthError error)
        {
            Write(context, error);
        }
        catch (OverloadedException)
        {
            Write(context, OAuthError.Overloaded());
        }
        catch (ProblemException problem) when (problem.Status == StatusCodes.Status401Unauthorized)
        {
            // The client was valid when the request arrived and is no longer valid (CallerJudge).
            Write(context, OAuthError.InvalidClient());
        }
        catch (StoreUnavailableException exception)
        {
            LogUnavailable(Logger(context), exception.Message);
            Write(context, OAuthError.Unavailable());
        }
    }

    /// <summary>Refuses a secret in a URL and logs a warning, because every hop may log the URL (RFC 6749 §2.3.1).</summary>
    private static void RefuseSecretsInUrl(HttpContext context)
    {
        if (context.Request.QueryString.HasValue && context.Request.Query.Keys.Any(key => SecretParameters.Contains(key)))
        {
            LogSecretInUrl(Logger(context), RequestFacts.Of(context).Ip);
            throw OAuthError.InvalidRequest("a secret must not be sent in the URL; it is in logs now, so rotate it");
        }
    }

    private static void Write(HttpContext context, OAuthError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        if (error.Challenge is { } challenge)
        {
            response.Headers.WWWAuthenticate = challenge.ToString();
        }

        if (error.DpopNonce is { } nonce)
        {
            response.Headers["DPoP-Nonce"] = nonce;
        }

        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        JsonAnswer.WriteObject(
            response,
            error,
            static (json, error) =>
            {
                json.WriteString("error"u8, error.Error);
                json.WriteString("error_description"u8, error.Message);
            }
        );
    }

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Tokenry.Server.Features.OAuth");

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "secret_in_url: a request from {Ip} carried a secret in its URL.")]
    private static partial void LogSecretInUrl(ILogger logger, string? ip);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Answered 503: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
