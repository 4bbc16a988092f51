using System.Globalization;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Protocol.Tests.Api;

/// <summary>How the values of the API are written in JSON, beside what the server's own tests see of it over HTTP.</summary>
public sealed class JsonConverterTests
{
    [Theory]
    [InlineData("2099-01-02T03:04:05Z", "2099-01-02T03:04:05Z")]
    [InlineData("2099-01-02T03:04:05.1Z", "2099-01-02T03:04:05.100Z")]
    [InlineData("2099-01-02T03:04:05.9999999Z", "2099-01-02T03:04:05.999Z")] // cut off, not rounded
    [InlineData("2099-01-02T03:04:05+02:00", "2099-01-02T01:04:05Z")]
    [InlineData("2099-01-02T03:04:05-00:30", "2099-01-02T03:34:05Z")]
    [InlineData("2099-01-02T03:04:05", null)] // no offset
    [InlineData("2099-01-02T03:04:05+0200", null)]
    [InlineData("2099-01-02T03:04:05 02:00", null)]
    [InlineData("2099-01-02 03:04:05Z", null)]
    [InlineData("2099-01-02", null)]
    [InlineData("2099-13-02T03:04:05Z", null)]
    [InlineData("2099-01-02T03:04:05.12345678901234567890123Z", null)]
    [InlineData("+00:00", null)]
    [InlineData("Z", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_time_names_its_offset_and_is_written_in_UTC(string? text, string? written)
    {
        Assert.Equal(written is not null, TimestampConverter.TryParse(text, out var time));
        if (written is not null)
            Assert.Equal((written, TimeSpan.Zero), (TimestampConverter.Format(time), time.Offset));
        else
            Assert.Equal(default, time);
    }

    [Theory]
    [InlineData("2026-11-30T12:00:00.0000000+01:00", "2026-11-30T11:00:00Z")]
    [InlineData("2026-11-30T12:00:00.0009999+00:00", "2026-11-30T12:00:00Z")]
    [InlineData("2026-11-30T12:00:00.0010000+00:00", "2026-11-30T12:00:00.001Z")]
    public void The_fraction_is_milliseconds_and_left_out_where_there_are_none(string value, string written) =>
        Assert.Equal(written, TimestampConverter.Format(DateTimeOffset.Parse(value, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"tomorrow\"")]
    public void What_is_no_time_is_refused_with_an_example(string json)
    {
        var fault = Assert.Throws<JsonException>(() => Read(new TimestampConverter(), json));
        Assert.Contains("2099-01-01T00:00:00Z", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_null_and_a_value_are_three_things()
    {
        var absent = JsonSerializer.Deserialize<ApiResourcePatch>("{}", TokenryJson.Strict)!.Name;
        var cleared = JsonSerializer.Deserialize<ApiResourcePatch>("""{"name":null}""", TokenryJson.Strict)!.Name;
        var named = JsonSerializer.Deserialize<ApiResourcePatch>("""{"name":"x"}""", TokenryJson.Strict)!.Name;
        Assert.Equal((false, "kept", "(absent)"), (absent.IsPresent, absent.Or("kept"), absent.ToString()));
        Assert.Equal((true, null, ""), (cleared.IsPresent, cleared.Or("kept"), cleared.ToString()));
        Assert.Equal((true, "x", "x"), (named.IsPresent, named.Or("kept"), named.ToString()));
    }

    [Fact]
    public void A_fault_within_an_optional_member_names_the_member()
    {
        var fault = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ApiResourcePatch>("""{"name":7}""", TokenryJson.Strict));
        Assert.Equal("$.name", fault.Path);
    }

    [Fact]
    public void Headers_are_texts_or_lists_and_their_names_have_no_case()
    {
        var headers = Read(new HeaderLinesConverter(), """{"Host":"a","Signature":["b","c"],"Empty":[]}""")!;
        Assert.Equal(["a"], headers["host"]);
        Assert.Equal(["b", "c"], headers["SIGNATURE"]);
        Assert.Empty(headers["Empty"]);
        using var written = new MemoryStream();
        using (var writer = new Utf8JsonWriter(written))
            new HeaderLinesConverter().Write(writer, headers, JsonSerializerOptions.Default);
        Assert.Equal("""{"Host":["a"],"Signature":["b","c"],"Empty":[]}""", Encoding.UTF8.GetString(written.ToArray()));
    }

    [Theory]
    [InlineData("[]", "Headers must be an object.")]
    [InlineData("\"x\"", "Headers must be an object.")]
    [InlineData("""{"a":"1","A":"2"}""", "A header appears more than once.")]
    [InlineData("""{"a":1}""", "A header must be a string or a list of strings.")]
    [InlineData("""{"a":null}""", "A header must be a string or a list of strings.")]
    [InlineData("""{"a":["b",1]}""", "A header must be a list of strings.")]
    [InlineData("""{"a":[["b"]]}""", "A header must be a list of strings.")]
    public void What_is_no_set_of_headers_is_refused(string json, string words) =>
        Assert.Equal(words, Assert.Throws<JsonException>(() => Read(new HeaderLinesConverter(), json)).Message);

    [Fact]
    public void Permissions_are_a_list_or_the_owners()
    {
        var owner = Permissions("\"owner\"")!;
        Assert.Same(CredentialPermissions.Owner, owner);
        Assert.Equal(("owner", "\"owner\""), (owner.ToString(), JsonSerializer.Serialize(owner, TokenryJson.Strict)));
        const string list = """[{"api":"https://a.example.com","scopes":["x"]}]""";
        var named = Permissions(list)!;
        Assert.Equal(("1 APIs", list), (named.ToString(), JsonSerializer.Serialize(named, TokenryJson.Strict)));
        Assert.Throws<JsonException>(() => Permissions("\"Owner\""));
        Assert.Throws<JsonException>(() => Permissions("{}"));
        Assert.Throws<ArgumentNullException>(() => new CredentialPermissions(null!));
    }

    private static CredentialPermissions? Permissions(string json) =>
        JsonSerializer.Deserialize<CredentialPermissions>(json, TokenryJson.Strict);

    private static T? Read<T>(System.Text.Json.Serialization.JsonConverter<T> converter, string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return converter.Read(ref reader, typeof(T), TokenryJson.Strict);
    }
}
