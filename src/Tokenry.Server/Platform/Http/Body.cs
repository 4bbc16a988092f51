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

/// <summary>A JSON body, read strictly: unknown or duplicate members, wrong types and other media types are told apart and named.</summary>
public sealed class Body<T> : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    private Body(T value) => Value = value;

    public T Value { get; }

    /// <summary>Reads the bodies that a client of sense sends, for a route where the serializer would be much of the cost.</summary>
    /// <returns><c>null</c> for any other; the serializer reads that, or says what is wrong with it.</returns>
    public delegate T? Ordinary(ReadOnlySpan<byte> json);

    /// <summary>Records of the management API are no place for secrets; only a route for anybody is told of them (a leak).</summary>
    public static ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ReadAsync(
            context,
            require: context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Caller }
                ? RefuseSecrets
                : null
        )!;

    /// <param name="context">The request.</param>
    /// <param name="ordinary">A quicker way for what is usual.</param>
    /// <param name="require">Refuses the bytes before anything is made of them: a signature over them.</param>
    /// <exception cref="ProblemException">It is not what the route takes.</exception>
    public static async ValueTask<Body<T>> ReadAsync(HttpContext context, Ordinary? ordinary = null, Action<byte[]>? require = null)
    {
        var isThere = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;
        if (isThere && !MediaType.IsJson(context.Request.ContentType))
        {
            throw new ProblemException(415, ProblemCode.UnsupportedMediaType, "Send the body as application/json.");
        }

        if (MediaType.IsCoded(context.Request))
        {
            // RFC 9110 §12.5.3: what would have been taken.
            context.Response.Headers.AcceptEncoding = "identity";
            throw new ProblemException(
                415,
                ProblemCode.UnsupportedMediaType,
                "The body is compressed, which this server does not take. Send it as it is, without Content-Encoding."
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

        // The reader looks only at the strings that are read: raw JSON (metadata) would carry other bytes further.
        if (!Utf8.IsValid(bytes))
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The body is not UTF-8.");
        }

        try
        {
            var value = ordinary?.Invoke(bytes) ?? JsonSerializer.Deserialize<T>(bytes, TokenryJson.Strict);
            return value is not null
                ? new Body<T>(value)
                : throw new ProblemException(400, ProblemCode.InvalidRequest, "The body is null; send a JSON object.");
        }
        catch (JsonException exception)
        {
            throw BodyFault.Explain(exception, bytes, typeof(T));
        }
        // Bad UTF-8, lone surrogates and numbers out of range surface as these.
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or OverflowException)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The body holds text or a number that is not valid.");
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
                "holds a credential string. A secret does not belong there: who may read the record could use it. It was not stored. Leave it out, and rotate "
                    + "or revoke the credential if others have seen it"
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
