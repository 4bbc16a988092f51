using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class SecretTests
{
    private const string Clear = "tkr_key_SENTINEL";

    private static readonly Secret Value = new(Clear);

    [Fact]
    public void Only_reveal_opens_it() => Assert.Equal(Clear, Value.Reveal());

    [Fact]
    public void It_prints_as_stars()
    {
        object boxed = Value;
        Assert.Equal("***", Value.ToString());
        Assert.Equal("***", $"{Value}");
        Assert.Equal("***", boxed.ToString());
        Assert.Equal("***", string.Format(CultureInfo.InvariantCulture, "{0}", boxed));
        Assert.DoesNotContain("SENTINEL", new Holder("x", Value).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_debugger_sees_stars()
    {
        Assert.Equal("***", typeof(Secret).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value);
        Assert.All(
            typeof(Secret).GetFields(BindingFlags.Instance | BindingFlags.NonPublic),
            field => Assert.Equal(DebuggerBrowsableState.Never, field.GetCustomAttribute<DebuggerBrowsableAttribute>()!.State)
        );
    }

    [Fact]
    public void Nothing_public_but_reveal_gives_it_away()
    {
        Assert.Empty(typeof(Secret).GetProperties());
        Assert.Empty(typeof(Secret).GetFields(BindingFlags.Instance | BindingFlags.Public));
        Assert.DoesNotContain(typeof(Secret).GetMethods(), method => method.Name.StartsWith("op_", StringComparison.Ordinal));
    }

    [Fact]
    public void It_refuses_json()
    {
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(Value));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new Holder("x", Value)));
        Assert.Throws<NotSupportedException>(() => new SecretJsonConverter().WriteAsPropertyName(null!, Value, null!));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<Secret>("\"x\""));
    }

    [Fact]
    public void One_that_was_never_set_says_so()
    {
        Assert.Throws<InvalidOperationException>(() => default(Secret).Reveal());
        Assert.Equal("***", default(Secret).ToString());
        Assert.Throws<ArgumentNullException>(() => new Secret(null!));
    }

    private sealed record Holder(string Name, Secret Token);
}
