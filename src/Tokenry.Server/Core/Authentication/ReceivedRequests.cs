using System.Buffers;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Authentication;

/// <summary>Requests as their signatures see them: what was sent, under the address that configuration knows.</summary>
public static class ReceivedRequests
{
    /// <summary>A request to Tokenry's own API. Its body is read, and left for the route to read again.</summary>
    /// <exception cref="BadHttpRequestException">The body is larger than any route takes, or cannot be read.</exception>
    public static async ValueTask<SignedRequest?> ReadAsync(MessageSignatures signatures, HttpContext context, TokenryOptions options)
    {
        var address = PublicAddress.Of(context, options);
        var body = await BodyAsync(context.Request);
        var fields = Fields(context.Request.Headers);
        var target = PublicAddress.Target(context, options);
        return signatures.Read(
            new HttpMessage(RequestFacts.Of(context).Method, address.Scheme, address.Authority, target, fields, body),
            fields,
            hasUnseenBody: false
        );
    }

    /// <summary>The request behind a door, whose body does not come with the question.</summary>
    /// <param name="signatures">Reads them.</param>
    /// <param name="method">Its method; <c>null</c>, as the next two: not known, and then no signature is good.</param>
    /// <param name="origin">Scheme and host at which clients reach the API.</param>
    /// <param name="target">Path and query as they were sent.</param>
    /// <param name="fields">Its fields.</param>
    public static SignedRequest? ReadBehindDoor(
        MessageSignatures signatures,
        string? method,
        Uri? origin,
        string? target,
        Func<string, IReadOnlyList<string?>> fields
    )
    {
        var message = new HttpMessage(method ?? "", origin?.Scheme ?? "", origin?.Authority ?? "", target ?? "", fields, body: null);
        var isKnown = method is not null && origin is not null && target is not null;
        var signed = signatures.Read(message, fields, hasUnseenBody: HttpMessage.UsuallyHasContent(method ?? "") || SaysBody(fields));
        return isKnown || signed is null ? signed : new SignedRequest(message, signature: null);
    }

    public static Func<string, IReadOnlyList<string?>> Fields(IHeaderDictionary headers) => name => headers[name];

    /// <summary>A proxy that asks need not say it.</summary>
    private static bool SaysBody(Func<string, IReadOnlyList<string?>> fields) =>
        fields("transfer-encoding").Count > 0 || fields("content-length").Any(length => length is not (null or "" or "0"));

    private static async ValueTask<byte[]> BodyAsync(HttpRequest request)
    {
        var reader = request.BodyReader;
        var received = 0L;
        while (true)
        {
            var result = await request.ReadBodyAsync(received);
            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.Start);
                return bytes;
            }

            received = result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
