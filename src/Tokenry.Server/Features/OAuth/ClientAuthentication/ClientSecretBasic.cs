using System.Buffers.Text;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary><c>client_secret_basic</c> (RFC 6749 §2.3.1): id and secret are form-urlencoded first, then joined as RFC 7617 has it.</summary>
public static class ClientSecretBasic
{
    public const string Name = "client_secret_basic";

    private const string Scheme = "Basic ";

    public static PresentedClient Read(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return PresentedClient.NotRequested;
        }

        var encoded = authorization.AsSpan(Scheme.Length);
        // .NET's decoder skips white space; a header with any inside is not the one that was meant.
        if (encoded.IndexOfAny(' ', '\t') >= 0 || !Base64.IsValid(encoded, out var length))
        {
            return PresentedClient.Unreadable;
        }

        var bytes = new byte[length];
        if (!Convert.TryFromBase64Chars(encoded, bytes, out var written))
        {
            return PresentedClient.Unreadable;
        }

        var pair = bytes.AsSpan(0, written);
        var colon = pair.IndexOf((byte)':');
        return
            colon >= 0
            && FormParameters.TryDecode(pair[..colon], out var id)
            && FormParameters.TryDecode(pair[(colon + 1)..], out var secret)
            ? new PresentedClient(IsRequested: true, id, secret)
            : PresentedClient.Unreadable;
    }
}
