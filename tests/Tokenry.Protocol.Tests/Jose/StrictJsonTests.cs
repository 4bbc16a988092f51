using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData(" \t\r\n{ \"a\" : [1, 2.5e3, true, null, {\"b\":\"\\ud83d\\ude00\"}] } ")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}")]
    [InlineData("{\"\":\"\"}")]
    [InlineData("{\"a\":1,\"A\":2}")]
    public void One_object_is_read(string json)
    {
        Assert.True(TryParse(json, out var document));
        document!.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"{}\"")]
    [InlineData("1")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{},")]
    [InlineData("\ufeff{}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{/**/}")]
    [InlineData("{}//x")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":\"\n\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"aud\":1,\"\\u0061ud\":2}")]
    [InlineData("{\"x\":{\"a\":1,\"a\":2}}")]
    [InlineData("{\"x\":[{\"a\":1,\"\\u0061\":2}]}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":\"\\udc00\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"a\":[[\"\\ud800\"]]}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}")]
    [InlineData("{\"a\":[[[[[[[[1]]]]]]]]}")]
    public void Everything_else_is_refused(string json)
    {
        Assert.False(TryParse(json, out var document));
        Assert.Null(document);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC0, 0xAF })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xE2, 0x82 })]
    public void Invalid_utf8_is_refused_in_names_and_values(byte[] bytes)
    {
        byte[] inValue = [.. "{\"a\":\""u8, .. bytes, .. "\"}"u8];
        byte[] inName = [.. "{\""u8, .. bytes, .. "\":1}"u8];
        Assert.False(StrictJson.TryParseObject(inValue, out _));
        Assert.False(StrictJson.TryParseObject(inName, out _));
    }

    [Fact]
    public void No_bytes_make_it_throw() =>
        Prop.ForAll<byte[]>(bytes => !StrictJson.TryParseObject(bytes, out _)).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_like_json_makes_it_throw_now_or_later() =>
        Prop.ForAll(
                Gen.Elements(
                        "{",
                        "}",
                        "[",
                        "]",
                        "\"",
                        ":",
                        ",",
                        "\"a\"",
                        "\"a\":",
                        "{\"a\":",
                        "1",
                        "1e999",
                        "\\ud800",
                        "\\u0061",
                        "null",
                        "é"
                    )
                    .ArrayOf()
                    .ToArbitrary(),
                parts =>
                {
                    if (StrictJson.TryParseObject(Encoding.UTF8.GetBytes("{" + string.Concat(parts) + "}"), out var document))
                    {
                        foreach (var member in document.RootElement.EnumerateObject())
                        {
                            _ = member.Name + (member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : "");
                        }

                        document.Dispose();
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character)
    {
        Assert.False(TryParse(Junk.Of(character), out _));
        Assert.False(TryParse("{\"a\":" + Junk.Of(character), out _));
    }

    [Fact]
    public void Many_members_are_read()
    {
        Assert.True(TryParse("{" + string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"n{i}\":{i}")) + "}", out var document));
        document!.Dispose();
    }

    private static bool TryParse(string json, out JsonDocument? document) =>
        StrictJson.TryParseObject(Encoding.UTF8.GetBytes(json), out document);
}
