using System.Buffers;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Tests;

/// <summary>The signed request that docs/protocol/rfc9421.md prints is computed again, to the last character.</summary>
public sealed class MessageSignatureExample
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol", "rfc9421.md"));

    private readonly string[] head;
    private readonly string body;
    private readonly RequestSigningKey key;

    public MessageSignatureExample()
    {
        var request = Between(Page, "```http\n", "\n```").Split("\n\n");
        (head, body) = (request[0].Split('\n'), request[1]);
        Assert.True(RequestSigningKey.TryParse(Between(Page, "The secret `", "` signs"), out var read));
        key = read;
    }

    [Fact]
    public void Its_base_is_the_one_that_was_signed()
    {
        Assert.True(SignatureInput.TryParse(Field("Signature-Input"), out var inputs));
        var signatureBase = new ArrayBufferWriter<byte>();
        Assert.Equal(MessageSignatureFault.None, SignatureBaseWriter.Write(Message(), inputs.Single(), signatureBase));
        Assert.Equal(Between(Page, "```text\n", "\n```"), Encoding.ASCII.GetString(signatureBase.WrittenSpan));
    }

    [Fact]
    public void It_is_what_we_sign_and_what_we_take()
    {
        Assert.True(SignatureInput.TryParse(Field("Signature-Input"), out var inputs));
        var clock = new FakeTimeProvider(inputs.Single().Created!.Value);
        var signed = new MessageSigner(inputs[0].KeyId!, key, clock).Sign(Message(), nonce: inputs[0].Nonce);
        Assert.Equal(new SignatureFields(Field("Signature-Input"), Field("Signature"), Field("Content-Digest")), signed);

        var fault = new MessageSignatureValidator(clock).Read([Field("Signature-Input")], [Field("Signature")], out var found);
        Assert.Equal(MessageSignatureFault.None, fault);
        Assert.True(found!.Verify(Message(), key).IsValid);
    }

    private HttpMessage Message()
    {
        var requestLine = head[0].Split(' ');
        return new HttpMessage(
            requestLine[0],
            "https",
            Field("Host"),
            requestLine[1],
            name => name == ContentDigest.FieldName ? [Field("Content-Digest")] : [],
            Encoding.ASCII.GetBytes(body)
        );
    }

    private string Field(string name) => head.Single(line => line.StartsWith($"{name}: ", StringComparison.Ordinal))[(name.Length + 2)..];

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
