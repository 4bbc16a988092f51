using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Features.Verification;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>What the quick reader takes, it reads as the serializer does; all else it leaves to the serializer.</summary>
public sealed class VerifyRequestReaderTests
{
    [Theory]
    [InlineData("""{"token":"t"}""")]
    [InlineData("""{"token":"t","api":"a","scopes":["x","y"],"object":"o:1","ip":"192.0.2.1","method":"GET","path":"/p"}""")]
    [InlineData(""" { "path" : "\/\u00e9" , "scopes" : [ ] , "\u0074oken" : "" } """)]
    public void Ordinary_bodies_are_read_as_the_serializer_reads_them(string json)
    {
        var read = VerifyRequestReader.Read(Encoding.UTF8.GetBytes(json));
        Assert.NotNull(read);
        var expected = JsonSerializer.Deserialize<VerifyRequest>(json, TokenryJson.Strict);
        Assert.Equal(JsonSerializer.Serialize(expected, TokenryJson.Strict), JsonSerializer.Serialize(read, TokenryJson.Strict));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"api":"a"}""")]
    [InlineData("""{"token":"t"}x""")]
    [InlineData("""{"token":"t"}{}""")]
    [InlineData("""{"token":"t","token":"t"}""")]
    [InlineData("""{"token":"t","scopes":[],"scopes":[]}""")]
    [InlineData("""{"token":"t","other":1}""")]
    [InlineData("""{"token":"t","api":null}""")]
    [InlineData("""{"token":1}""")]
    [InlineData("""{"token":"\ud800"}""")]
    [InlineData("""{"token":"t","scopes":"x"}""")]
    [InlineData("""{"token":"t","scopes":["x",null]}""")]
    [InlineData("""{"token":"t","scopes":[["x"]]}""")]
    [InlineData("""{"token":"t",}""")]
    [InlineData("""{"token":"t" """)]
    [InlineData("""{"Token":"t"}""")]
    [InlineData("""{"token":"t"/**/}""")]
    public void Everything_else_is_the_serializers(string json) => Assert.Null(VerifyRequestReader.Read(Encoding.UTF8.GetBytes(json)));
}
