using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace BillingJob;

/// <summary>A key that tokens are bound to (RFC 9449). It is made anew for each run and never written down: there is nothing to steal.</summary>
internal sealed class DpopKey
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The proof for one request, good once (RFC 9449 §4.2).</summary>
    /// <param name="method">The request's.</param>
    /// <param name="address">The request's, without query and fragment.</param>
    /// <param name="accessToken">The token that goes with it; null where one is asked for.</param>
    public string Prove(string method, string address, string? accessToken = null)
    {
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["jwk"] = JsonNode.Parse(Jws.PublicJwk(_key)) };
        var claims = new JsonObject
        {
            ["jti"] = Jws.NewId(),
            ["htm"] = method,
            ["htu"] = address,
            ["iat"] = Jws.Now,
        };
        if (accessToken is not null)
        {
            claims["ath"] = StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
        }

        return Jws.Sign(_key, header, claims);
    }

    /// <summary>Puts the token and the proof for this request on it.</summary>
    public void Authorize(HttpRequestMessage request, string accessToken)
    {
        request.Headers.Authorization = new("DPoP", accessToken);
        request.Headers.Add("DPoP", Prove(request.Method.Method, request.RequestUri!.GetLeftPart(UriPartial.Path), accessToken));
    }
}
