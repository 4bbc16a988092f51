using System.Buffers;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>A strictly read JSON body. Each error has its own message: unknown members, duplicate members, wrong types, other media types.</summary>
public sealed class Body<T> : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    private Body(T value) => Value = value;

    public T Value { get; }

    /// <summary>Reads the bodies that ordinary clients send, for a route where the serializer would be a large part of the cost.</summary>
    /// <returns><c>null</c> for any other body; then the serializer reads it, or explains the error.</returns>
    public delegate T? Ordinary(ReadOnlySpan<byte> json);

    /// <summary>
    /// Refuses credentials in bodies of the management API, because records must not contain secrets. Routes without a caller accept them: they receive reports
    /// of leaks.
    /// </summary>
    public static ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ReadAsync(
            context,
            require: context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Caller }
                ? RefuseSecrets
                : null
        )!;

    /// <param name="context">The request.</param>
    /// <param name="ordinary">A faster reader for ordinary bodies.</param>
    /// <param name="require">Checks the bytes before they are parsed, such as a signature over them.</param>
    /// <exception cref="ProblemException">The body is not what the route accepts.</exception>
    public static async ValueTask<Body<T>> ReadAsync(HttpContext context, Ordinary? ordinary = null, Action<byte[]>? require = null)
    {
        var isThere = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;
        if (isThere && !MediaType.IsJson(context.Request.ContentType))
        {
            throw new ProblemException(415, ProblemCode.UnsupportedMediaType, "Send the body as application/json.");
        }

        if (MediaType.IsCoded(context.Request))
        {
            // RFC 9110 §12.5.3: tells the client which coding the server accepts.
            context.Response.Headers.AcceptEncoding = "identity";
            throw new ProblemException(
                415,
                ProblemCode.UnsupportedMediaType,
                "The body is compressed, and this server accepts no compressed bodies. Send it without Content-Encoding."
            );
        }

        var bytes = isThere ? await ReadBytesAsync(context) : [];
        require?.Invoke(bytes);
        if (bytes.Length == 0)
        {
            throw BodyFault.Missing(typeof(T));
        }

        var facts = RequestFacts.Of(context);
        if (facts.IdempotencyKey is not null)
        {
            facts.BodyHash = SHA256.HashData(bytes);
        }

        // The reader checks only the strings that it decodes; raw JSON (metadata) would pass other bytes on.
        if (!Utf8.IsValid(bytes))
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The body is not UTF-8. Send JSON in UTF-8.");
        }

        try
        {
            var value = ordinary?.Invoke(bytes) ?? JsonSerializer.Deserialize<T>(bytes, TokenryJson.Strict);
            return value is not null
                ? new Body<T>(value)
                : throw new ProblemException(400, ProblemCode.InvalidRequest, "The body is null. Send a JSON object.");
        }
        catch (JsonException exception)
        {
            throw BodyFault.Explain(exception, bytes, typeof(T));
        }
        // The serializer reports bad UTF-8, lone surrogates and numbers out of range with these exceptions.
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or OverflowException)
        {
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                "The body contains a text or a number that is not valid. Send valid Unicode, and numbers in range."
            );
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new AcceptsMetadata([MediaType.Json], typeof(T)));
    }

    private static void RefuseSecrets(byte[] bytes)
    {
        if (CredentialsInText.MemberWithOne(bytes) is { } member)
        {
            throw ProblemException.Invalid(
                member,
                "contains a credential. The server did not store it, because every reader of the record could use it. Leave it out. If others have seen "
                    + "the credential, rotate or revoke it"
            );
        }
    }

    private static async ValueTask<byte[]> ReadBytesAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        var received = 0L;
        while (true)
        {
            var result = await context.Request.ReadBodyAsync(received);
            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            received = result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
