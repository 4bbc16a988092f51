using System.Buffers;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Proofs;
using Tokenry.Protocol.Tests.Jose;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>A request that is good until a test changes something, and signatures over whatever the test wants covered.</summary>
internal sealed class MessageForge
{
    public const string Covered = "(\"@method\" \"@authority\" \"@path\" \"@query\")";
    public const string CoveredWithDigest = "(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\")";

    public static readonly byte[] SecretBytes = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];
    public static readonly RequestSigningKey Key = new(SecretBytes);

    public FakeTimeProvider Time { get; } = new(TokenForge.Now);

    public string Method { get; set; } = "POST";

    public string Scheme { get; set; } = "https";

    public string Authority { get; set; } = "api.example.com";

    public string Target { get; set; } = "/v1/invoices?limit=5&page=2";

    public ReadOnlyMemory<byte>? Body { get; set; } = ReadOnlyMemory<byte>.Empty;

    public Dictionary<string, string?[]> Fields { get; } = new(StringComparer.Ordinal);

    public HttpMessage Message => new(Method, Scheme, Authority, Target, name => Fields.GetValueOrDefault(name, []), Body);

    public static string Parameters(long seconds = 0, string nonce = "n1", string keyId = "key_1", string tag = "tokenry-v1") =>
        $";created={TokenForge.Now.ToUnixTimeSeconds() + seconds};nonce=\"{nonce}\";keyid=\"{keyId}\";tag=\"{tag}\"";

    public MessageForge WithBody(string text)
    {
        Body = Encoding.UTF8.GetBytes(text);
        Fields[ContentDigest.FieldName] = [ContentDigest.Of(Body.Value.Span)];
        return this;
    }

    /// <summary>The base of a request for one label's input; null where there is none.</summary>
    public static string? Base(HttpMessage message, string input)
    {
        var destination = new ArrayBufferWriter<byte>();
        return
            SignatureInput.TryParse(input, out var inputs)
            && SignatureBaseWriter.Write(message, Assert.Single(inputs), destination) == MessageSignatureFault.None
            ? Encoding.ASCII.GetString(destination.WrittenSpan)
            : null;
    }

    /// <summary>A good signature where the input has a base, else one of zeroes.</summary>
    public string Sign(string input, RequestSigningKey? key = null)
    {
        var bytes = Base(Message, input) is { } text ? (key ?? Key).Sign(Encoding.ASCII.GetBytes(text)) : new byte[32];
        return $"{input[..input.IndexOf('=', StringComparison.Ordinal)]}=:{Convert.ToBase64String(bytes)}:";
    }

    /// <summary>Signs and verifies; <paramref name="value"/> is what stands behind the label.</summary>
    public MessageSignatureFault Judge(string value) => Judge($"s={value}", Sign($"s={value}"));

    public MessageSignatureFault Judge(string input, string signature, HttpMessage? message = null) =>
        Validate(input, signature, message, out _);

    public MessageSignatureFault Validate(string input, string signature, HttpMessage? message, out MessageProof? proof)
    {
        proof = null;
        var fault = new MessageSignatureValidator(Time).Read([input], [signature], out var found);
        Assert.Equal(fault == MessageSignatureFault.None, found is not null);
        if (found is null)
        {
            return fault;
        }

        var result = found.Verify(message ?? Message, Key);
        Assert.Equal(result.Fault == MessageSignatureFault.None, result.IsValid);
        proof = result.Proof;
        return result.Fault;
    }
}
